/** The table of requests. Each is login, act and logout in one, except two that stay logged in: an import between its two halves, and the log's signer. */
import { KeymootError } from '../../../shared/errors.ts';
import type { TokenIdentity } from '../../../shared/domain/tokens.ts';
import { cleanText, isText } from '../../../shared/text.ts';
import { CKO } from '../../../shared/token/cryptoki.ts';
import type { TokenInput, TokenOp, TokenOutput } from '../../../shared/token/protocol.ts';
import { ObjectReader } from './attributes.ts';
import { type Cryptoki, type ObjectHandle, loadLibrary } from './cryptoki.ts';
import { DeviceError, forPeople } from './errors.ts';
import {
  type OpenLibrary,
  type ImportKey,
  destroyKey,
  dropImportKey,
  findKey,
  generateKey,
  makeImportKey,
  only,
  readBack,
  unwrapImported,
  wrapUnderRsa,
} from './keys.ts';
import { checkLibrary, hashFile } from './library.ts';
import {
  type LoggedIn,
  freeSlot,
  identityOf,
  inSession,
  joinPin,
  loggedIn,
  login,
  locate,
  present,
  quietly,
  setUserPin,
  settleRemoval,
  summaryOf,
} from './login.ts';
import { ECDSA } from './mechanisms.ts';

type Operations = {
  readonly [K in TokenOp]: (input: TokenInput<K>) => TokenOutput<K> | Promise<TokenOutput<K>>;
};

const DIGEST_BYTES = 32;
/** r ‖ s on P-521, the longest we know. */
const SIGNATURE_BYTES = 132;
const LABEL_BYTES = 32;

const notNow = (message: string) => new KeymootError('state-refused', message);

const initialise = (lib: Cryptoki, libraryParameters: string | undefined): void => {
  try {
    lib.initialize(libraryParameters);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { fields } = forPeople(error);
    throw new KeymootError(
      'module-failed',
      'The library loads, but could not be initialised. It may want a configuration file, parameters (NSS does) or a service that does not run.',
      fields === undefined ? {} : { fields },
    );
  }
};

/** One library, one purpose: the state of the process. */
export class TokenWorker {
  #parameters: string | undefined;
  #library: OpenLibrary | undefined;
  #import: ImportKey | undefined;
  #signer: { at: LoggedIn; key: ObjectHandle; token: TokenIdentity } | undefined;

  readonly operations: Operations = {
    open: (input) => this.#open(input),
    tokens: () => present(this.#lib).map(({ info }) => summaryOf(info)),
    rescan: () => this.#rescan(),
    mechanisms: ({ token }) => this.#lib.mechanisms(locate(this.#lib, token).slot),
    initToken: (input) => this.#initToken(input),
    initPin: (input) => this.#initPin(input),
    list: (input) => this.#list(input),
    find: (input) => this.#act(input, (at) => findKey(this.library, at, input)),
    generate: (input) => this.#act(input, (at) => generateKey(this.library, at, input)),
    destroy: (input) => this.#act(input, (at) => destroyKey(this.library, at, input.targets)),
    importBegin: (input) => this.#importBegin(input),
    importFinish: (input) => this.#importFinish(input),
    wrapOaep: (input) => this.#act(input, (at) => wrapUnderRsa(this.library, at, input)),
    random: ({ token, bytes }) =>
      this.#about(token, () =>
        inSession(this.#lib, locate(this.#lib, token).slot, 'read', (session) =>
          this.#lib.random(session, bytes),
        ),
      ),
    signerOpen: (input) => this.#signerOpen(input),
    signerSign: (input) => this.#signerSign(input),
  };

  get library(): OpenLibrary {
    if (!this.#library) throw notNow('no library is open');
    return this.#library;
  }

  get #lib() {
    return this.library.lib;
  }

  /** Abandons what must not outlive the previous request: an import that was begun and is not being finished. */
  before(op: TokenOp): void {
    if (op !== 'importFinish') this.#abandonImport();
  }

  /** Logs out of everything, as far as the token still answers. */
  end(): void {
    if (!this.#library) return;
    this.#abandonImport();
    this.#signer?.at.leave();
    this.#signer = undefined;
    quietly(() => {
      this.#lib.finalize();
    });
  }

  #abandonImport(): void {
    if (this.#import) dropImportKey(this.library, this.#import);
    this.#import = undefined;
  }

  /** Errors that may mean a removed token are settled by looking for it. */
  async #about<T>(token: TokenIdentity, act: () => T | Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw settleRemoval(this.#lib, token, error);
    }
  }

  #act<T>(
    input:
      TokenInput<'find'> | TokenInput<'generate'> | TokenInput<'destroy'> | TokenInput<'wrapOaep'>,
    act: (at: LoggedIn) => T | Promise<T>,
  ): Promise<T> {
    return this.#about(input.token, () => loggedIn(this.#lib, input, (_, at) => act(at)));
  }

  async #open(input: TokenInput<'open'>): Promise<TokenOutput<'open'>> {
    if (this.#library) throw notNow('a library is open already');
    checkLibrary(input.path);
    // SECURITY: the last check before its code runs here. A change of the file between this check and the load is not prevented.
    if ((await hashFile(input.path)) !== input.sha256)
      throw new KeymootError(
        'module-quarantined',
        'The library is not the file that was approved. It was not loaded.',
      );
    const lib = loadLibrary(input.path);
    initialise(lib, input.libraryParameters);
    this.#parameters = input.libraryParameters;
    const info = lib.info();
    this.#library = { lib, reader: new ObjectReader(lib) };
    const version = ({ major, minor }: { major: number; minor: number }) => `${major}.${minor}`;
    const words = (text: string) => cleanText(text.replace(/[\0 ]+$/u, ''), 64);
    return {
      manufacturer: words(info.manufacturerID),
      description: words(info.libraryDescription),
      version: version(info.libraryVersion),
      cryptoki: version(info.cryptokiVersion),
    };
  }

  #rescan(): TokenOutput<'rescan'> {
    // SECURITY: initialising anew would end the login by which the log is sealed.
    if (this.#signer) throw notNow('the signer is open');
    this.#lib.finalize();
    initialise(this.#lib, this.#parameters);
    return this.operations.tokens({}) as TokenOutput<'tokens'>;
  }

  async #initToken(input: TokenInput<'initToken'>): Promise<TokenOutput<'initToken'>> {
    if (!isText(input.label, LABEL_BYTES))
      throw new KeymootError(
        'input-invalid',
        `A token's label has 1 to ${LABEL_BYTES} bytes of plain text.`,
        { fields: { label: 'length' } },
      );
    const lib = this.#lib;
    const free = freeSlot(lib);
    // Both PINs before the token is touched: a malformed PIN must not leave a token with one of its two PINs.
    const soPin = joinPin(input.soPin, free.info);
    const userPin = joinPin(input.userPin, free.info);
    const spelled = (identity: TokenIdentity) => JSON.stringify(Object.entries(identity).sort());
    const before = new Set(present(lib).map(({ info }) => spelled(identityOf(info))));
    lib.initToken(free.slot, soPin, input.label);
    // Slots may be renumbered: the token is the one whose identity is new.
    const fresh = present(lib).filter(
      ({ info }) =>
        identityOf(info).label === input.label && !before.has(spelled(identityOf(info))),
    );
    const [made, other] = fresh;
    if (!made || other)
      throw new KeymootError(
        'module-lied',
        'The library says that the token was initialised, but it is not to be found.',
      );
    await setUserPin(lib, made.slot, soPin, userPin);
    return identityOf(made.info);
  }

  async #initPin(input: TokenInput<'initPin'>): Promise<TokenOutput<'initPin'>> {
    const { slot, info } = locate(this.#lib, input.token);
    await setUserPin(this.#lib, slot, '', joinPin(input.userPin, info));
    return identityOf(info);
  }

  async #list({ token, pin, lastTry }: TokenInput<'list'>): Promise<TokenOutput<'list'>> {
    const { lib, reader } = this.library;
    const all = (session: Buffer) =>
      lib.find(session, []).map((handle) => reader.read(session, handle));
    return this.#about(token, () =>
      pin
        ? loggedIn(lib, { token, pin, lastTry }, all)
        : inSession(lib, locate(lib, token).slot, 'read', all),
    );
  }

  async #importBegin(input: TokenInput<'importBegin'>): Promise<TokenOutput<'importBegin'>> {
    return this.#about(input.token, async () => {
      const at = login(this.#lib, input.token, input.pin, input.lastTry);
      try {
        const { key, answer } = await makeImportKey(this.library, at, input);
        this.#import = key;
        return answer;
      } catch (error) {
        at.leave();
        throw error;
      }
    });
  }

  async #importFinish(input: TokenInput<'importFinish'>): Promise<TokenOutput<'importFinish'>> {
    const key = this.#import;
    if (!key) throw notNow('No import was begun, or it was given up. Nothing was imported.');
    try {
      return await this.#about(identityOf(key.at.info), () =>
        unwrapImported(this.library, key, input),
      );
    } finally {
      this.#abandonImport();
    }
  }

  async #signerOpen(input: TokenInput<'signerOpen'>): Promise<TokenOutput<'signerOpen'>> {
    if (this.#signer) throw notNow('the signer is open already');
    const { token, targets } = input;
    return this.#about(token, async () => {
      const at = login(this.#lib, token, input.pin, input.lastTry);
      try {
        const handles = targets.map((target) => only(this.library, at.session, target));
        const privateAt = targets.findIndex(({ objectClass }) => objectClass === CKO.PRIVATE_KEY);
        const key = handles[privateAt];
        if (!key) throw new KeymootError('message-malformed', 'a signer has a private key');
        const readback = await readBack(this.library, at.slot, at.session, handles, false);
        this.#signer = { at, key, token };
        return readback;
      } catch (error) {
        at.leave();
        throw error;
      }
    });
  }

  async #signerSign({ digest }: TokenInput<'signerSign'>): Promise<TokenOutput<'signerSign'>> {
    const signer = this.#signer;
    if (!signer) throw notNow('the signer is not open');
    if (digest.length !== DIGEST_BYTES)
      throw new KeymootError('input-invalid', `a digest has ${DIGEST_BYTES} bytes`);
    const lib = this.#lib;
    return this.#about(signer.token, () =>
      inSession(lib, signer.at.slot, 'read', (session) =>
        lib.sign(session, ECDSA, signer.key, digest, SIGNATURE_BYTES),
      ),
    );
  }
}
