/**
 * The log's signer: a token (or partition) and a process of its own (design 08, T5).
 *
 * The PIN is joined in that process and held nowhere else; it is gone on lock, close or crash. A seal writes no entry, so a seal never causes the next.
 */
import { hash } from 'node:crypto';
import { KeymootError } from '../../shared/errors.ts';
import type { LogState } from '../../shared/contract/desk.ts';
import type { PinHalves } from '../../shared/token/protocol.ts';
import {
  base64,
  checkpointText,
  ecdsaDer,
  parseCheckpoint,
  signedBy,
  signedNote,
} from '../core/audit/note.ts';
import type { Entry } from '../../shared/log/entries.ts';
import { EMPTY_ROOT } from '../core/audit/merkle.ts';
import type { Store } from '../store/store.ts';
import type { TokenClient } from '../tokens/client.ts';
import { CKO } from '../../shared/token/cryptoki.ts';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import type { Devices } from './devices.ts';
import type { Journal } from './journal.ts';

/** Seal at this many unsealed entries, or this long after the first of them, ms. */
const SEAL_ENTRIES = 256;
const SEAL_MS = 60_000;
/** Entries that never start the timer. */
const QUIET = new Set(['log.checkpoint']);

export interface LogKey {
  at: TokenRef;
  ckaid: string;
  spki: string;
  sha256: string;
}

export class Signer {
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #devices: Devices;
  #client: TokenClient | undefined;
  #key: LogKey | undefined;
  #why = 'The desk has not been opened with the log token’s PIN.';
  #timer: NodeJS.Timeout | undefined;
  #since: string | undefined;
  #busy: Promise<void> = Promise.resolve();
  onLost: (error: unknown) => void = () => undefined;
  onChanged: () => void = () => undefined;

  constructor(store: Store, journal: Journal, devices: Devices) {
    this.#store = store;
    this.#journal = journal;
    this.#devices = devices;
    const stored = store.meta.get('log_key');
    const genesis = journal.genesis();
    if (stored !== undefined && genesis !== undefined) {
      const key = JSON.parse(stored) as LogKey;
      // SECURITY: the row only locates the key; the log says which key it is.
      if (key.sha256 !== genesis.detail.key.sha256 || key.spki !== genesis.detail.key.spki)
        throw new KeymootError(
          'store-tampered',
          'The database names another log key than the log’s first entry. Nothing was changed.',
        );
      this.#key = key;
    }
    this.#checkSeals();
    const sealed = this.#sealedSize();
    if (sealed < store.log.size) this.#since = journal.entry(sealed).time;
  }

  /** Every stored checkpoint must be a prefix of this log, and the last one must carry the key's signature. */
  #checkSeals(): void {
    const mismatch = (size: number) =>
      new KeymootError(
        'log-mismatch',
        `The log is not the one that was sealed at ${size} entries: it was cut, or changed. Nothing was written. Keep the data folder as evidence.`,
      );
    for (const { size, root } of this.#store.log.checkpoints())
      if (size > this.#store.log.size || !Buffer.from(this.#store.log.rootAt(size)).equals(root))
        throw mismatch(size);
    const last = this.#store.log.lastCheckpoint();
    if (last?.note === undefined || this.#key === undefined) return;
    const note = parseCheckpoint(last.note);
    const spki = Buffer.from(this.#key.spki, 'base64');
    // SECURITY: the signature covers the note's own root; it vouches for this log only if that equals the row's root.
    if (note?.size !== last.size || !Buffer.from(note.root).equals(last.root))
      throw mismatch(last.size);
    if (!signedBy(note, this.#journal.origin ?? '', spki)) throw mismatch(last.size);
  }

  get key(): LogKey | undefined {
    return this.#key;
  }
  get ready(): boolean {
    return this.#client?.alive === true;
  }
  #sealedSize(): number {
    return this.#store.log.lastCheckpoint()?.size ?? 0;
  }
  state(): LogState {
    const { size, root } = this.#store.log;
    const sealed = this.#sealedSize();
    const unsealed = size - sealed;
    const origin = this.#journal.origin;
    return {
      ...(origin === undefined ? {} : { origin }),
      size,
      root: base64(root),
      sealed,
      unsealed,
      ...(unsealed > 0 && this.#since !== undefined ? { since: this.#since } : {}),
      signer: !this.ready ? 'NO SIGNER' : unsealed > 0 ? 'UNSEALED' : 'SEALING',
      why: this.ready ? (unsealed > 0 ? 'The next seal follows within a minute.' : '') : this.#why,
      ...(this.#key === undefined ? {} : { keySha256: this.#key.sha256, at: this.#key.at }),
    };
  }
  /** Throws unless the signer is ready: key operations, exports, arming and closing need a log that can be sealed. */
  require(): void {
    if (!this.ready)
      throw new KeymootError(
        'signer-missing',
        `This may only happen while the log can be sealed. ${this.#why} Open the desk with the log token’s PIN halves, then try again. Nothing was done.`,
      );
  }

  /** Takes a new client, logged in and ready to sign with `key`. */
  async open(key: LogKey, pin: PinHalves, lastTry: boolean): Promise<void> {
    this.close('The desk is being opened.');
    const client = await this.#devices.start(key.at.module, 'log');
    try {
      const found = await client.call(
        'signerOpen',
        {
          token: key.at.token,
          pin,
          lastTry,
          targets: [CKO.PRIVATE_KEY, CKO.PUBLIC_KEY].map((objectClass) => ({
            objectClass,
            ckaid: Buffer.from(key.ckaid, 'hex'),
          })),
        },
        { wipe: true },
      );
      if (found.objects.length === 0)
        throw new KeymootError(
          'token-failed',
          'The log key is not on this token. The log can not be sealed with it.',
        );
    } catch (error) {
      await this.#devices.end(client);
      throw error;
    }
    this.#client = client;
    this.#key = key;
    void client.exited.then(() => {
      if (this.#client === client)
        this.#lost(new KeymootError('signer-missing', 'The process that seals the log ended.'));
    });
    this.onChanged();
  }
  #lost(error: unknown): void {
    const client = this.#client;
    this.#client = undefined;
    this.#why =
      error instanceof KeymootError && error.code === 'log-mismatch'
        ? error.message
        : 'The process that seals the log ended or its token went away.';
    if (client !== undefined) void this.#devices.end(client);
    this.onLost(error);
    this.onChanged();
  }
  close(why: string): void {
    const client = this.#client;
    this.#client = undefined;
    this.#why = why;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (client !== undefined) void this.#devices.end(client);
    this.onChanged();
  }

  /** Signs with the log key and verifies the signature under its public half. Only checkpoints are ever passed. */
  async #sign(text: Uint8Array): Promise<string> {
    const client = this.#client;
    const key = this.#key;
    const origin = this.#journal.origin;
    if (client === undefined || key === undefined || origin === undefined)
      throw new KeymootError('signer-missing', this.#why);
    const raw = await client.call('signerSign', { digest: hash('sha256', text, 'buffer') });
    const spki = Buffer.from(key.spki, 'base64');
    const note = signedNote(text, origin, spki, ecdsaDer(raw));
    const parsed = parseCheckpoint(note);
    // SECURITY: a signature that is invalid or by another key is caught here, not by an auditor.
    if (parsed === undefined || !signedBy(parsed, origin, spki))
      throw new KeymootError(
        'module-lied',
        'The log token gave a signature that its own public key does not verify.',
      );
    return note;
  }

  /** Seals the head unless it is sealed. Refuses a smaller size than the largest ever planned, or another root for the same size (design 05). */
  seal(): Promise<void> {
    const next = this.#busy.then(() => this.#sealNow());
    this.#busy = next.catch(() => undefined); // the caller gets the error; the queue goes on
    return next;
  }
  /**
   * Seals the head; when this resolves, every entry of the log so far is sealed.
   *
   * @throws KeymootError signer-missing, log-mismatch, and the token's errors
   */
  async mustSeal(): Promise<void> {
    const { size } = this.#store.log;
    await this.seal();
    // For `seal` a missing signer is no failure: entries wait unsealed for its return.
    if (this.#sealedSize() < size)
      throw new KeymootError(
        'signer-missing',
        `The log could not be sealed. ${this.#why} What was recorded is kept and is sealed when the desk is opened with the log token’s PIN halves; then try again.`,
      );
  }
  async #sealNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Nothing was sealed, so the time of the first unsealed entry stays.
    if (!this.ready) return;
    // The first note is of the empty tree (design 08, T6).
    if (this.#store.log.checkpoint(0)?.note === undefined) await this.#sealAt(0, EMPTY_ROOT);
    const { size, root } = this.#store.log;
    const planned = this.#store.log.lastCheckpoint(false);
    if (planned !== undefined && planned.size > size)
      throw new KeymootError(
        'log-mismatch',
        'The log is shorter than what was sealed. Nothing is signed.',
      );
    const same = this.#store.log.checkpoint(size);
    if (same !== undefined && !Buffer.from(same.root).equals(root))
      throw new KeymootError(
        'log-mismatch',
        'The log differs from what was sealed at this size. Nothing is signed.',
      );
    if (same?.note !== undefined) return;
    await this.#sealAt(size, root);
    if (this.#store.log.size === size) this.#since = undefined;
    this.onChanged();
  }

  async #sealAt(size: number, root: Uint8Array): Promise<void> {
    const origin = this.#journal.origin;
    if (origin === undefined || !this.ready) return;
    this.#store.commit(() => {
      this.#store.log.prepareCheckpoint(size, root);
    });
    let note: string;
    try {
      note = await this.#sign(checkpointText({ origin, size, root }));
    } catch (error) {
      this.#lost(error);
      throw error;
    }
    this.#store.commit(() => {
      this.#store.log.signCheckpoint(size, note);
    });
  }

  /** After each commit: records the time of the first unsealed entry, and sets the timer. */
  written(entries: readonly Entry[]): void {
    const [first] = entries.filter(({ type }) => !QUIET.has(type));
    if (first === undefined) return;
    this.#since ??= first.time;
    const state = this.state();
    if (!this.ready) return;
    const background = () => {
      // A failed signer has been marked lost already. Other errors, above all a log that contradicts its seals, would go unreported here.
      this.seal().catch((error: unknown) => {
        if (this.ready) this.#lost(error);
      });
    };
    if (state.unsealed >= SEAL_ENTRIES) background();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(background, SEAL_MS);
      this.#timer.unref();
    }
  }
  get since(): string | undefined {
    return this.#since;
  }
}
