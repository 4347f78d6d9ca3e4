/**
 * Working with keys on a token so that an interruption at any instant leaves exactly one answer: made, or not.
 *
 * Look, intend, act, read back, compare, record. The success code is not the evidence, and nothing is repeated blindly (R8). {@link atToken} holds the token
 * for all of it, and {@link underIntent} is the part from the intent to its close.
 */
import type { TokenRef } from '../../shared/domain/tokens.ts';
import type { KeyRecord } from '../../shared/domain/keys.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { KeyReadback, PinHalves } from '../../shared/token/protocol.ts';
import { compareReadback, originOf, secretPart } from '../core/keys/readback.ts';
import { otherThan } from '../core/keys/same-key.ts';
import {
  generateSpec,
  importSpec,
  type GenerateSpec,
  type ImportSpec,
  type KeyRequest,
} from '../core/keys/templates.ts';
import type { NewEntry } from '../core/audit/entry.ts';
import type { TokenClient } from '../tokens/client.ts';
import type { Desk, KeyIntent } from './desk.ts';
import type { InNew } from './devices.ts';
import type { KeyWish } from './wish.ts';
import { reasonOf } from './reason.ts';

/** Both halves of a token's PIN, and whether people confirmed that this is the last try. */
export interface Login {
  pin: PinHalves;
  lastTry: boolean;
}

/** A planned key and its token, whose module's turn is held during the work. */
export interface Bench {
  desk: Desk;
  at: TokenRef;
  login: Login;
  spec: GenerateSpec | ImportSpec;
  inNew: InNew;
}

/** Holds the module's turn: from the first look to the last no other process logs in on it. */
export const atToken = <T>(
  of: Omit<Bench, 'inNew'>,
  work: (bench: Bench) => Promise<T>,
): Promise<T> => of.desk.devices.turn(of.at.module, (inNew) => work({ ...of, inNew }));

/** After these errors the device may have acted without an answer. `module-failed` stands for errors without a specific reason, CKR_GENERAL_ERROR above all. */
const UNCERTAIN = new Set([
  'module-hung',
  'module-crashed',
  'module-failed',
  'token-removed',
  'module-lied',
  'internal',
  'cancelled',
]);
const isUncertain = (error: unknown): boolean =>
  !(error instanceof KeymootError) ||
  UNCERTAIN.has(error.code) ||
  reasonOf(error) === 'CKR_DEVICE_ERROR';

export const requestOf = (desk: Desk, wish: KeyWish): KeyRequest => ({
  algorithm: wish.algorithm,
  purpose: wish.purpose,
  extractable: wish.extractable,
  label: wish.label,
  ckaid: Buffer.from(wish.ckaid, 'hex'),
  family: desk.devices.row(wish.at.module).family,
});
export const specOf = (desk: Desk, wish: KeyWish): GenerateSpec | ImportSpec =>
  wish.kind === 'import' ? importSpec(requestOf(desk, wish)) : generateSpec(requestOf(desk, wish));

/** The template by which an existing key of this desk is found and destroyed: that of its generation. */
export const specOfKey = (desk: Desk, key: KeyRecord): GenerateSpec =>
  generateSpec({
    algorithm: key.algorithm,
    purpose: key.purpose,
    extractable: key.extractable,
    label: key.label,
    ckaid: Buffer.from(key.ckaid, 'hex'),
    family: desk.devices.row(key.at.module).family,
  });

interface Found {
  byId: KeyReadback;
  sameLabel: number;
}
/** Looks for the planned key. Without `client` it starts a new process, so that no cache is used; required after any request that changed the device. */
export const findWished = (
  { at, login, spec, inNew }: Bench,
  client?: TokenClient,
): Promise<Found> => {
  const { targets, request } = spec;
  const find = (by: TokenClient): Promise<Found> =>
    by.call('find', { token: at.token, ...login, targets, label: request.label });
  return client === undefined ? inNew(find) : find(client);
};

/** The error when another key has this key's id, with advice. */
export const anotherKey = (key: KeyRecord, other: string): KeymootError =>
  new KeymootError(
    'key-not-as-asked',
    `The token holds another key under the id of “${key.label}”: ${other}. Nothing was done with it. Find out who put it there; the vendor’s own tool can look at it and remove it.`,
  );

/** Before a key is used: checks that the object with its id is that key, as far as the token shows. */
export const requireSameKey = async (desk: Desk, key: KeyRecord, login: Login): Promise<void> => {
  const spec = specOfKey(desk, key);
  const { byId } = await atToken({ desk, at: key.at, login, spec }, (bench) => findWished(bench));
  const other = otherThan(key, byId);
  if (other !== undefined) throw anotherKey(key, other);
};

/** Refuses when the label or id is taken (preflight). A wrong PIN fails here, before the intent. */
export const requireFree = async (bench: Bench, client: TokenClient): Promise<void> => {
  const { byId, sameLabel } = await findWished(bench, client);
  const { label } = bench.spec.request;
  if (sameLabel > 0 || byId.objects.length > 0)
    throw new KeymootError(
      'label-taken',
      `The token has a key “${label}” already. Nothing was made. Choose another label, or look at that key first.`,
      { fields: { label: 'taken' } },
    );
};

/** Requests the destruction of all objects with the planned id. {@link findWished} then checks that they are gone. */
export const askToDestroy = (
  client: TokenClient,
  { at, login, spec }: Bench,
): Promise<{ destroyed: number }> =>
  client.call('destroy', { token: at.token, ...login, targets: spec.targets });

export const stillThere = (): KeymootError =>
  new KeymootError(
    'token-failed',
    'The token says it destroyed the key, and still shows it. Look at it with the vendor’s own tool.',
  );

/** Destroys all objects with the planned id and proves from a new process that they are gone. */
export const destroyWished = async (bench: Bench): Promise<number> => {
  const { destroyed } = await bench.inNew((client) => askToDestroy(client, bench));
  const { byId } = await findWished(bench);
  if (byId.objects.length > 0) throw stillThere();
  return destroyed;
};

/** A token's response to one request: an answer, or an error, after which it may still have done half of the request. */
export type Heard<A> = { answer: A } | { refused: KeymootError };

export interface Intended<A, T> {
  /** The first contains the spec, by which the act can be settled; the others are settled with it. */
  entries: readonly [KeyIntent, ...NewEntry[]];
  deadlineMs: number;
  /** The one request. Its process is prepared, so that the deadline in the intent covers only the request. */
  ask: () => Promise<A>;
  /** Looks, compares and closes the intent; gets the entries' ids. */
  close: (heard: Heard<A>, intents: readonly string[]) => Promise<T>;
}

const hear = async <A>(ask: () => Promise<A>): Promise<Heard<A>> => {
  try {
    return { answer: await ask() };
  } catch (error) {
    if (!(error instanceof KeymootError) || isUncertain(error)) throw error;
    return { refused: error };
  }
};

/**
 * From an intent to its close. Any error while the intent is open leaves it open and is reported: the device's state is uncertain, nothing is repeated, and
 * Recovery settles it.
 *
 * @throws KeymootError recovery-needed with the intent and the cause; or what `close` throws after it closed the intent
 */
export const underIntent = async <A, T>(
  { desk }: Bench,
  client: TokenClient,
  { entries, deadlineMs, ask, close }: Intended<A, T>,
): Promise<T> => {
  const intents = desk.openIntents(entries, deadlineMs).map(({ id }) => id);
  const [intent = ''] = intents;
  try {
    const heard = await hear(ask);
    // The process is ended before the token is read again: while one process writes a token, it can seem absent to another.
    await desk.devices.end(client);
    return await close(heard, intents);
  } catch (error) {
    if (desk.store.intents.get(intent) === undefined) throw error;
    desk.leaveIntent(intent);
    const [{ ceremony, detail }] = entries;
    if (ceremony !== undefined) desk.ceremonies.interrupt(ceremony.id);
    throw new KeymootError(
      'recovery-needed',
      `${error instanceof KeymootError ? error.message : 'Keymoot made a mistake.'} What became of “${detail.label ?? 'the key'}” only the token can tell: two people settle that first, and nothing else is done on this token before.`,
      {
        cause: error,
        fields: { intent, cause: error instanceof KeymootError ? error.code : 'internal' },
      },
    );
  }
};

/** An imported key that the device reports as generated inside: no evidence from this device about it is credible (R28). */
const inventsItsOrigin = (spec: GenerateSpec | ImportSpec, made: KeyReadback): boolean =>
  'template' in spec &&
  originOf(secretPart(made)?.attributes ?? {}, spec.request.family) === 'generated';

/** How the made key differs from the request, as a message; undefined when it does not. */
export const unlike = (spec: GenerateSpec | ImportSpec, made: KeyReadback): string | undefined => {
  const { differences } = compareReadback(spec, made);
  const words = differences
    .slice(0, 8)
    .map(({ what, asked, observed }) => `${what} is ${observed} and not ${asked}`);
  if (inventsItsOrigin(spec, made))
    words.push('CKA_LOCAL is true, though the key came from outside');
  return words.length === 0 ? undefined : words.join('; ');
};

/** Whether the device shows a formed key's length. Where it doesn't, the length is unproven, and the record states that. */
export const showsLength = (spec: GenerateSpec | ImportSpec, made: KeyReadback): boolean =>
  !compareReadback(spec, made).notOffered.some((what) => what.endsWith('CKA_VALUE_LEN'));
