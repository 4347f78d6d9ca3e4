/** A bare pkcs11js loop in a process of its own: fills a token, or lists it with the calls that our reader makes. Prints milliseconds. */
import { createRequire } from 'node:module';
import { CKA, CKM, type AttributeName } from '../../shared/token/cryptoki.ts';

const pkcs11js = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js');
const [path = '', pin = '', what = '', count = '0'] = process.argv.slice(2);

const module = new pkcs11js.PKCS11();
module.load(path);
module.C_Initialize({ flags: 2 });
const [slot] = module.C_GetSlotList(true);
if (slot === undefined) throw new Error('bench: there is no token');
const session = module.C_OpenSession(slot, 4 | 2);
module.C_Login(session, 1, pin);

/** Our reader's attributes of a secret key. */
const NAMES: AttributeName[] = [
  'CLASS',
  'TOKEN',
  'PRIVATE',
  'LABEL',
  'MODIFIABLE',
  'KEY_TYPE',
  'ID',
  'DERIVE',
  'LOCAL',
  'KEY_GEN_MECHANISM',
  'SENSITIVE',
  'EXTRACTABLE',
  'ALWAYS_SENSITIVE',
  'NEVER_EXTRACTABLE',
  'WRAP_WITH_TRUSTED',
  'ENCRYPT',
  'DECRYPT',
  'SIGN',
  'VERIFY',
  'WRAP',
  'UNWRAP',
  'VALUE_LEN',
  'CHECK_VALUE',
];

if (what === 'fill')
  for (let at = 0; at < Number(count); at++)
    module.C_GenerateKey(session, { mechanism: CKM.AES_KEY_GEN }, [
      { type: CKA.TOKEN[0], value: true },
      { type: CKA.PRIVATE[0], value: true },
      { type: CKA.SENSITIVE[0], value: true },
      { type: CKA.EXTRACTABLE[0], value: false },
      { type: CKA.LABEL[0], value: `bench-${at}` },
      { type: CKA.ID[0], value: Buffer.from(String(at).padStart(16, '0')) },
      { type: CKA.ENCRYPT[0], value: true },
      { type: CKA.VALUE_LEN[0], value: 32 },
    ]);
else {
  const started = performance.now();
  module.C_FindObjectsInit(session, []);
  const handles = [];
  for (
    let found = module.C_FindObjects(session, 256);
    found.length > 0;
    found = module.C_FindObjects(session, 256)
  )
    handles.push(...found);
  module.C_FindObjectsFinal(session);
  let read = 0;
  for (const handle of handles)
    read += module.C_GetAttributeValue(
      session,
      handle,
      NAMES.map((name) => ({ type: CKA[name][0] })),
    ).length;
  const ms = performance.now() - started;
  if (read === 0) throw new Error('bench: nothing was read');
  process.stdout.write(String(ms));
}
module.C_Logout(session);
module.C_Finalize();
