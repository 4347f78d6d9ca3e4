/**
 * Drives one PKCS#11 module in a process that may hang or die: `node drive.mjs MODULE SCENARIO`.
 *
 * Prints one line of JSON, `{ "value": … }` or `{ "error": CKR number, "method": … }`. The token is found by its label and has the
 * PIN of the scenario `init`; SOFTHSM2_CONF names its folder.
 */
import { createRequire } from 'node:module';

const pkcs11js = createRequire(import.meta.url)('pkcs11js');
const [module, scenario] = process.argv.slice(2);
const LABEL = 'faults';
const PIN = '12345678';
const MANUFACTURED_AES_LENGTH = 32;

const p11 = new pkcs11js.PKCS11();

const number = (buffer) =>
  buffer.length === 8 ? Number(buffer.readBigUInt64LE()) : buffer.readUInt32LE();

const tokenSlot = () => {
  const slot = p11
    .C_GetSlotList(true)
    .find((candidate) => p11.C_GetTokenInfo(candidate).label.trim() === LABEL);
  if (slot === undefined) throw new Error('no token');
  return slot;
};

const session = () => {
  const handle = p11.C_OpenSession(
    tokenSlot(),
    pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION,
  );
  p11.C_Login(handle, pkcs11js.CKU_USER, PIN);
  return handle;
};

const aesKey = (handle, kept = false) =>
  p11.C_GenerateKeyAsync(handle, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
    { type: pkcs11js.CKA_TOKEN, value: kept },
    { type: pkcs11js.CKA_EXTRACTABLE, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_ENCRYPT, value: true },
    { type: pkcs11js.CKA_VALUE_LEN, value: MANUFACTURED_AES_LENGTH },
  ]);

const rsaPair = (handle) =>
  p11.C_GenerateKeyPairAsync(
    handle,
    { mechanism: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN },
    [
      { type: pkcs11js.CKA_TOKEN, value: false },
      { type: pkcs11js.CKA_WRAP, value: true },
      { type: pkcs11js.CKA_VERIFY, value: true },
      { type: pkcs11js.CKA_MODULUS_BITS, value: 2048 },
      { type: pkcs11js.CKA_PUBLIC_EXPONENT, value: Buffer.of(1, 0, 1) },
    ],
    [
      { type: pkcs11js.CKA_TOKEN, value: false },
      { type: pkcs11js.CKA_SIGN, value: true },
    ],
  );

const attribute = (handle, object, type) =>
  p11.C_GetAttributeValue(handle, object, [{ type }])[0].value.toString('hex');

const scenarios = {
  load: () => 'loaded',
  init: () => {
    p11.C_Initialize({ flags: 2 });
    const [slot] = p11.C_GetSlotList(false);
    p11.C_InitToken(slot, '87654321', LABEL.padEnd(32));
    const handle = p11.C_OpenSession(
      tokenSlot(),
      pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION,
    );
    p11.C_Login(handle, pkcs11js.CKU_SO, '87654321');
    p11.C_InitPIN(handle, PIN);
    p11.C_Finalize();
    return 'initialised';
  },
  initialize: () => {
    p11.C_Initialize({ flags: 2 });
    return 'initialised';
  },
  login: () => {
    p11.C_Initialize({ flags: 2 });
    session();
    return 'logged in';
  },
  flags: () => {
    p11.C_Initialize({ flags: 2 });
    return p11.C_GetTokenInfo(tokenSlot()).flags;
  },
  generate: async () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    const key = await aesKey(handle);
    return {
      local: attribute(handle, key, pkcs11js.CKA_LOCAL),
      length: number(Buffer.from(attribute(handle, key, pkcs11js.CKA_VALUE_LEN), 'hex')),
      extractable: attribute(handle, key, pkcs11js.CKA_EXTRACTABLE),
    };
  },
  // A key that stays on the token, whatever is answered.
  make: async () => {
    p11.C_Initialize({ flags: 2 });
    await aesKey(session(), true);
    return 'made';
  },
  // Destroys what `make` left and says how many there were.
  clear: () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    p11.C_FindObjectsInit(handle, [{ type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_SECRET_KEY }]);
    const found = p11.C_FindObjects(handle, 100);
    p11.C_FindObjectsFinal(handle);
    for (const object of found) p11.C_DestroyObject(handle, object);
    return found.length;
  },
  pair: async () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    const { publicKey } = await rsaPair(handle);
    return { modulus: attribute(handle, publicKey, pkcs11js.CKA_MODULUS).length / 2 };
  },
  wrap: async () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    const { publicKey } = await rsaPair(handle);
    const key = await aesKey(handle);
    const mechanism = {
      mechanism: pkcs11js.CKM_RSA_PKCS_OAEP,
      parameter: {
        type: pkcs11js.CK_PARAMS_RSA_OAEP,
        hashAlg: pkcs11js.CKM_SHA_1,
        mgf: pkcs11js.CKG_MGF1_SHA1,
        source: 1,
      },
    };
    const out = Buffer.alloc(512);
    const blob = await p11.C_WrapKeyAsync(handle, mechanism, publicKey, key, out);
    return { length: blob.length, head: blob.subarray(0, 4).toString('hex') };
  },
  random: () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    return [16, 16].map((length) =>
      p11.C_GenerateRandom(handle, Buffer.alloc(length)).toString('hex'),
    );
  },
  // Tries the next thing after each failure, as a caller does who looks what is left of a device.
  removed: async () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    const tried = [];
    const attempt = async (what) => {
      try {
        tried.push(await what());
      } catch (error) {
        tried.push(error.code);
      }
    };
    await attempt(() => aesKey(handle).then(() => 'made'));
    await attempt(() => p11.C_GetSlotList(true).length);
    await attempt(() => p11.C_GetSessionInfo(handle).state);
    await attempt(() => p11.C_GetInfo().libraryDescription.length > 0);
    await attempt(() => {
      p11.C_Finalize();
      return 'finalised';
    });
    return tried;
  },
  twice: async () => {
    p11.C_Initialize({ flags: 2 });
    const handle = session();
    const codes = [];
    for (let i = 0; i < 4; i++)
      try {
        await aesKey(handle);
        codes.push(0);
      } catch (error) {
        codes.push(error.code);
      }
    return codes;
  },
};

try {
  p11.load(module);
  const value = await scenarios[scenario]();
  console.log(JSON.stringify({ value }));
} catch (error) {
  console.log(JSON.stringify({ error: error.code ?? error.message, method: error.method }));
}
process.exit(0);
