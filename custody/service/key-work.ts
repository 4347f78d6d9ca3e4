/**
 * Working with keys on a token so that an interruption at any instant leaves exactly one answer: made, or not.
 *
 * Look, intend, act, read back, compare, record. The success code is not the evidence, and nothing is repeated blindly (R8).
 */
import { hash } from 'node:crypto';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import { Algorithm, Purpose, type Check, type KeyRecord } from '../../shared/domain/keys.ts';
import { KeymootError } from '../../shared/errors.ts';
import { spkiOf } from '../core/keys/spki.ts';
import type { KeyReadback, PinHalves } from '../../shared/token/protocol.ts';
import { compareReadback, originOf, secretPart } from '../core/keys/readback.ts';
import {
  generatePlan,
  importPlan,
  type GeneratePlan,
  type ImportPlan,
  type KeyRequest,
} from '../core/keys/templates.ts';
import type { Desk, TokenPlan } from './desk.ts';

/** What an intent on a key keeps, so that anyone can settle it later: all of it public. */
export interface KeyPlan extends TokenPlan {
  at: TokenRef;
  key: string;
  kind: 'generate' | 'import' | 'destroy';
  algorithm: string;
  purpose: string;
  extractable: boolean;
  label: string;
  ckaid: string;
  ceremony?: string;
  step?: string;
  attempt?: number;
  /** Import: what the holder computed, to recognise the key by. */
  check?: Check;
  p11?: Check;
}

export interface Opened {
  pin: PinHalves;
  lastTry: boolean;
}

/** After these the device may have done something that nobody heard of. */
const UNCERTAIN = new Set([
  'module-hung',
  'module-crashed',
  'token-removed',
  'module-lied',
  'internal',
  'cancelled',
]);
export const isUncertain = (error: unknown): boolean =>
  !(error instanceof KeymootError) || UNCERTAIN.has(error.code);

export const reasonOf = (error: unknown): string =>
  error instanceof KeymootError ? (error.fields?.device?.split(' ')[0] ?? error.code) : 'internal';

export const requestOf = (desk: Desk, plan: KeyPlan): KeyRequest => ({
  algorithm: Algorithm.parse(plan.algorithm),
  purpose: Purpose.parse(plan.purpose),
  extractable: plan.extractable,
  label: plan.label,
  ckaid: Buffer.from(plan.ckaid, 'hex'),
  family: desk.devices.row(plan.at.module).family,
});
export const planOf = (desk: Desk, plan: KeyPlan): GeneratePlan | ImportPlan =>
  plan.kind === 'import' ? importPlan(requestOf(desk, plan)) : generatePlan(requestOf(desk, plan));

/** How a key that this desk has is found and destroyed: as it was planned. */
export const planOfKey = (desk: Desk, key: KeyRecord): GeneratePlan =>
  generatePlan({
    algorithm: key.algorithm,
    purpose: key.purpose,
    extractable: key.extractable,
    label: key.label,
    ckaid: Buffer.from(key.ckaid, 'hex'),
    family: desk.devices.row(key.at.module).family,
  });

/** Looks for a planned key in a process of its own, so that no cache of the last one answers. */
export const findPlanned = (
  desk: Desk,
  at: TokenRef,
  { pin, lastTry }: Opened,
  plan: GeneratePlan | ImportPlan,
): Promise<{ byId: KeyReadback; sameLabel: number }> =>
  desk.devices.with(at.module, 'act', (client) =>
    client.call('find', {
      token: at.token,
      pin,
      lastTry,
      targets: plan.targets,
      label: plan.request.label,
    }),
  );

/** An id is not a key: whatever has the id, and another check value or fingerprint than the key that was made, is not that key (design 02, rule 12). */
export const requireSameKey = async (desk: Desk, key: KeyRecord, opened: Opened): Promise<void> => {
  const { byId } = await findPlanned(desk, key.at, opened, planOfKey(desk, key));
  const spki = spkiOf(byId);
  const other =
    (byId.check !== undefined &&
      byId.check.method === key.check?.method &&
      byId.check.value !== key.check.value) ||
    (spki !== undefined && key.spkiSha256 !== undefined && hash('sha256', spki) !== key.spkiSha256);
  if (other)
    throw new KeymootError(
      'key-not-as-asked',
      `The token holds another key under the id of “${key.label}”: its check value is not the one in the log. Nothing was done with it. Find out who put it there.`,
    );
};

/** Nothing may be there already under this label or id (preflight). A wrong PIN shows here, before anything is intended. */
export const requireFree = async (
  desk: Desk,
  at: TokenRef,
  opened: Opened,
  plan: GeneratePlan | ImportPlan,
): Promise<void> => {
  const { byId, sameLabel } = await findPlanned(desk, at, opened, plan);
  if (sameLabel > 0 || byId.objects.length > 0)
    throw new KeymootError(
      'label-taken',
      `The token has a key “${plan.request.label}” already. Nothing was made. Choose another label, or look at that key first.`,
      { fields: { label: 'taken' } },
    );
};

/** Destroys whatever has the planned id and proves from a new process that it is gone. */
export const destroyPlanned = async (
  desk: Desk,
  at: TokenRef,
  opened: Opened,
  plan: GeneratePlan | ImportPlan,
): Promise<number> => {
  const { destroyed } = await desk.devices.with(at.module, 'act', (client) =>
    client.call('destroy', {
      token: at.token,
      pin: opened.pin,
      lastTry: opened.lastTry,
      targets: plan.targets,
    }),
  );
  const { byId } = await findPlanned(desk, at, opened, plan);
  if (byId.objects.length > 0)
    throw new KeymootError(
      'token-failed',
      'The token says it destroyed the key, and still shows it. Look at it with the vendor’s own tool.',
    );
  return destroyed;
};

/** A key that came from outside, of which the device says that it was made inside: no evidence of this device's can be believed about it (R28). */
const inventsItsOrigin = (plan: GeneratePlan | ImportPlan, made: KeyReadback): boolean =>
  'template' in plan &&
  originOf(secretPart(made)?.attributes ?? {}, plan.request.family) === 'generated';

/** What the device made that nobody asked for, in words; undefined when it is as asked. */
export const unlike = (plan: GeneratePlan | ImportPlan, made: KeyReadback): string | undefined => {
  const { differences } = compareReadback(plan, made);
  const words = differences
    .slice(0, 8)
    .map(({ what, asked, observed }) => `${what} is ${observed} and not ${asked}`);
  if (inventsItsOrigin(plan, made))
    words.push('CKA_LOCAL is true, though the key came from outside');
  return words.length === 0 ? undefined : words.join('; ');
};
