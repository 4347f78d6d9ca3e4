/**
 * Key operations on a token such that after an interruption at any instant the key was either made or not.
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
  generatePlan,
  importPlan,
  type GeneratePlan,
  type ImportPlan,
  type KeyRequest,
} from '../core/keys/templates.ts';
import type { NewEntry } from '../core/audit/entry.ts';
import type { TokenClient } from '../tokens/client.ts';
import type { Desk, KeyIntent } from './desk.ts';
import type { InNew } from './devices.ts';
import type { KeyPlan } from './plan.ts';
import { reasonOf } from './reason.ts';

export interface Opened {
  pin: PinHalves;
  lastTry: boolean;
}

/** A planned key and its token, locked while work is done on it. */
export interface Bench {
  desk: Desk;
  at: TokenRef;
  opened: Opened;
  plan: GeneratePlan | ImportPlan;
  inNew: InNew;
}

/** Holds the module's lock from the first look to the last, so that no other login happens in between. */
export const atToken = <T>(
  of: Omit<Bench, 'inNew'>,
  work: (bench: Bench) => Promise<T>,
): Promise<T> => of.desk.devices.turn(of.at.module, (inNew) => work({ ...of, inNew }));

/**
 * After these errors the device may have acted without our knowing. `module-failed` stands for errors without a specific reason, above all CKR_GENERAL_ERROR.
 */
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

export const requestOf = (desk: Desk, plan: KeyPlan): KeyRequest => ({
  algorithm: plan.algorithm,
  purpose: plan.purpose,
  extractable: plan.extractable,
  label: plan.label,
  ckaid: Buffer.from(plan.ckaid, 'hex'),
  family: desk.devices.row(plan.at.module).family,
});
export const planOf = (desk: Desk, plan: KeyPlan): GeneratePlan | ImportPlan =>
  plan.kind === 'import' ? importPlan(requestOf(desk, plan)) : generatePlan(requestOf(desk, plan));

/** The plan by which an existing key of this desk is found and destroyed. */
export const planOfKey = (desk: Desk, key: KeyRecord): GeneratePlan =>
  generatePlan({
    algorithm: key.algorithm,
    purpose: key.purpose,
    extractable: key.extractable,
    label: key.label,
    ckaid: Buffer.from(key.ckaid, 'hex'),
    family: desk.devices.row(key.at.module).family,
  });

/** Looks for the planned key in a new process, so that no stale cache answers. */
export const findPlanned = ({
  at,
  opened,
  plan,
  inNew,
}: Bench): Promise<{ byId: KeyReadback; sameLabel: number }> =>
  inNew((client) =>
    client.call('find', {
      token: at.token,
      ...opened,
      targets: plan.targets,
      label: plan.request.label,
    }),
  );

/** The error, and where to turn, when another object has a key's id. */
export const anotherKey = (key: KeyRecord, other: string): KeymootError =>
  new KeymootError(
    'key-not-as-asked',
    `The token holds another key under the id of “${key.label}”: ${other}. Nothing was done with it. Find out who put it there; the vendor’s own tool can look at it and remove it.`,
  );

/** Before a key is used: checks that the object under its id is that key, as far as the token reports. */
export const requireSameKey = async (desk: Desk, key: KeyRecord, opened: Opened): Promise<void> => {
  const plan = planOfKey(desk, key);
  const { byId } = await atToken({ desk, at: key.at, opened, plan }, findPlanned);
  const other = otherThan(key, byId);
  if (other !== undefined) throw anotherKey(key, other);
};

/** Preflight: no object may have this label or id yet. A wrong PIN shows here, before an intent is written. */
export const requireFree = async (bench: Bench): Promise<void> => {
  const { byId, sameLabel } = await findPlanned(bench);
  const { label } = bench.plan.request;
  if (sameLabel > 0 || byId.objects.length > 0)
    throw new KeymootError(
      'label-taken',
      `The token has a key “${label}” already. Nothing was made. Choose another label, or look at that key first.`,
      { fields: { label: 'taken' } },
    );
};

/** Asks the token to destroy every object of the planned id. {@link findPlanned} then checks that they are gone. */
export const askToDestroy = (
  client: TokenClient,
  { at, opened, plan }: Bench,
): Promise<{ destroyed: number }> =>
  client.call('destroy', { token: at.token, ...opened, targets: plan.targets });

export const stillThere = (): KeymootError =>
  new KeymootError(
    'token-failed',
    'The token says it destroyed the key, and still shows it. Look at it with the vendor’s own tool.',
  );

/** Destroys every object of the planned id, and checks from a new process that they are gone. */
export const destroyPlanned = async (bench: Bench): Promise<number> => {
  const { destroyed } = await bench.inNew((client) => askToDestroy(client, bench));
  const { byId } = await findPlanned(bench);
  if (byId.objects.length > 0) throw stillThere();
  return destroyed;
};

/** A token's reply to one request: an answer, or a refusal, after which it may still have made a part of the key. */
export type Heard<A> = { answer: A } | { refused: KeymootError };

export interface Intended<A, T> {
  /** The first contains the plan, by which it can be settled; the others are settled with it. */
  entries: readonly [KeyIntent, ...NewEntry[]];
  deadlineMs: number;
  /** The one request. Its process is already running, so the intent's deadline covers the request alone. */
  ask: () => Promise<A>;
  /** Looks, compares and closes the intent; receives the entries' ids. */
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
 * From an intent to its close. Any failure in between leaves the intent open and says so: what the device did is uncertain, nothing is repeated, and Recovery
 * settles it.
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
    // The process ends before the token is examined: while one process writes to a token, another may not see it.
    await desk.devices.end(client);
    return await close(heard, intents);
  } catch (error) {
    if (desk.store.intents.get(intent) === undefined) throw error;
    desk.leaveIntent(intent);
    const [{ ceremony, detail }] = entries;
    if (ceremony !== undefined) desk.ceremonies.forget(ceremony.id);
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

/** The device claims to have generated a key that was imported: then its evidence about the key is worthless (R28). */
const inventsItsOrigin = (plan: GeneratePlan | ImportPlan, made: KeyReadback): boolean =>
  'template' in plan &&
  originOf(secretPart(made)?.attributes ?? {}, plan.request.family) === 'generated';

/** The difference between the made key and the request, in words; undefined when there is none. */
export const unlike = (plan: GeneratePlan | ImportPlan, made: KeyReadback): string | undefined => {
  const { differences } = compareReadback(plan, made);
  const words = differences
    .slice(0, 8)
    .map(({ what, asked, observed }) => `${what} is ${observed} and not ${asked}`);
  if (inventsItsOrigin(plan, made))
    words.push('CKA_LOCAL is true, though the key came from outside');
  return words.length === 0 ? undefined : words.join('; ');
};

/** Whether the device reports a formed key's length. Where it doesn't, the length is unchecked, and the evidence says so. */
export const showsLength = (plan: GeneratePlan | ImportPlan, made: KeyReadback): boolean =>
  !compareReadback(plan, made).notOffered.some((what) => what.endsWith('CKA_VALUE_LEN'));
