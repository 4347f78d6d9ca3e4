/**
 * Settling what was interrupted: wait until the device can't finish any more, look, then adopt or destroy. Never repeat blindly; never two keys (R8).
 */
import type { Output } from '../../../shared/contract/index.ts';
import type { Entry } from '../../../shared/log/entries.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { quirksOf } from '../../core/keys/quirks.ts';
import { otherThan } from '../../core/keys/same-key.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { KeyReadback } from '../../../shared/token/protocol.ts';
import {
  anotherKey,
  atToken,
  destroyWished,
  findWished,
  specOf,
  requestOf,
  showsLength,
  unlike,
  type Bench,
} from '../key-work.ts';
import { untilIn, wishIn, type KeyWish } from '../wish.ts';
import type { Desk } from '../desk.ts';
import { byCall, requireRole, type Call, type Part } from '../router.ts';
import { controlOf, keepPublicKey, keyRecord, madeEntry, requireKey } from './key-facts.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

type Settled = Output<'recovery.settle'>;

/** Whether this is the imported key whose components the holder summed. The device's own check value must agree where it has one. */
const isTheSum = (wish: KeyWish, found: KeyReadback): boolean => {
  if (wish.kind !== 'import') return true;
  const own = found.check;
  const expected =
    own?.method === wish.p11?.method
      ? wish.p11
      : own?.method === wish.check?.method
        ? wish.check
        : undefined;
  return own !== undefined && expected !== undefined && own.value === expected.value;
};

type Choice = 'adopt' | 'destroy';

/** An interrupted act at its token: its wish, and the ceremony step that waits for it. */
class Settling {
  readonly #call: Call;
  readonly #intent: Entry;
  readonly #wish: KeyWish;
  readonly #bench: Bench;

  constructor(call: Call, intent: Entry, wish: KeyWish, bench: Bench) {
    this.#call = call;
    this.#intent = intent;
    this.#wish = wish;
    this.#bench = bench;
  }
  get #desk(): Desk {
    return this.#call.desk;
  }
  get #where(): Pick<NewEntry, 'ceremony'> {
    const { ceremony } = this.#intent;
    return ceremony === undefined ? {} : { ceremony };
  }
  #common() {
    const { id: corr } = this.#intent;
    const tokenSerial = this.#wish.at.token.serial;
    return { corr, tokenSerial, ...this.#where, ...byCall(this.#call) };
  }
  /** The outcome of the ceremony step that was interrupted with the key. */
  #stepEntries(success: boolean, observed: string): NewEntry[] {
    const { ceremony } = this.#intent;
    if (ceremony === undefined) return [];
    const { openIntent, steps } = this.#desk.ceremonies.get(ceremony.id);
    const interrupted = steps.find(({ step }) => step.id === ceremony.step);
    if (openIntent === undefined || interrupted === undefined) return [];
    const { step, attempts: attempt } = interrupted;
    return [
      {
        type: 'ceremony.step',
        outcome: success ? 'success' : 'failure',
        corr: openIntent,
        ...this.#where,
        detail: { step: step.id, attempt, kind: step.kind, observed },
      },
    ];
  }

  /** Reads the token once the device can't finish any more: an earlier read could show a state that is about to change (design 01). */
  async #look(): Promise<KeyReadback> {
    const { spec } = this.#bench;
    const first = (await findWished(this.#bench)).byId.objects.length;
    const pending = this.#wish.kind === 'destroy' ? first > 0 : first < spec.targets.length;
    if (quirksOf(spec.request.family).finishesAlone && pending)
      await this.#desk.devices.waitUntil(untilIn(this.#intent));
    return (await findWished(this.#bench)).byId;
  }

  async settle(choice: Choice): Promise<Settled> {
    const found = await this.#look();
    if (this.#wish.kind === 'destroy') return this.#settleDestroy(found, choice);
    if (found.objects.length === 0)
      return this.#nothingMade(
        0,
        'nothing-was-made',
        'The token was looked at after the last moment at which it could still have finished: nothing was made.',
      );
    return choice === 'adopt' ? this.#adopt(found) : this.#destroy();
  }

  async #settleDestroy(found: KeyReadback, choice: Choice): Promise<Settled> {
    const { key } = this.#wish;
    const { spec } = this.#bench;
    const there = found.objects.length;
    const record = requireKey(this.#desk, key);
    const other = there === 0 ? undefined : otherThan(record, found);
    const halved = there > 0 && other === undefined && there < spec.targets.length;
    if (halved && choice === 'adopt')
      throw new KeymootError(
        'key-not-as-asked',
        'Half of this pair is destroyed already, so it can not be kept as it was. It can only be destroyed.',
      );
    const wanted = choice === 'destroy' && other === undefined;
    if (there > 0 && wanted) await destroyWished(this.#bench);
    const done = there === 0 || wanted;
    this.#desk.closeIntent(this.#intent.id, [
      {
        type: 'key.destroy',
        outcome: done ? 'success' : 'failure',
        ...(other === undefined ? {} : { reason: 'key-not-as-asked' }),
        ...this.#common(),
        detail: { key, recovered: true, objects: there },
      },
    ]);
    if (other !== undefined) throw anotherKey(record, other);
    return done
      ? { outcome: 'destroyed', key, says: 'The key is not on the token any more.' }
      : { outcome: 'adopted', key, says: 'The key is still on the token, as it was.' };
  }

  get #madeType(): 'key.generate' | 'key.import' {
    return this.#wish.kind === 'import' ? 'key.import' : 'key.generate';
  }
  /** Settles the act as failed: there is no key, or it was destroyed. */
  #nothingMade(objects: number, outcome: 'nothing-was-made' | 'destroyed', says: string): Settled {
    this.#desk.closeIntent(this.#intent.id, [
      {
        type: this.#madeType,
        outcome: 'failure',
        reason: 'interrupted',
        ...this.#common(),
        detail: { key: this.#wish.key, recovered: true, objects },
      },
      ...this.#stepEntries(false, says),
    ]);
    return { outcome, says };
  }
  async #destroy(): Promise<Settled> {
    const objects = await destroyWished(this.#bench);
    return this.#nothingMade(
      objects,
      'destroyed',
      'What the interrupted act had made was destroyed, and its absence checked from a new process.',
    );
  }
  #adopt(found: KeyReadback): Settled {
    const { spec } = this.#bench;
    const { key, at, check, kind } = this.#wish;
    const difference = unlike(spec, found);
    if (difference !== undefined || !isTheSum(this.#wish, found))
      throw new KeymootError(
        'key-not-as-asked',
        difference !== undefined
          ? `What is on the token is not what was asked for: ${difference}. It can only be destroyed.`
          : 'The token has a key under the planned id, but gives no check value that proves it is the sum of the components. It can only be destroyed; the components are then entered again.',
      );
    const ceremony = this.#intent.ceremony?.id;
    const record = keyRecord(
      {
        id: key,
        at,
        request: requestOf(this.#desk, this.#wish),
        state: ceremony === undefined ? 'active' : 'quarantine',
        control: controlOf(this.#desk, at),
        created: new Date().toISOString(),
        ...(ceremony === undefined ? {} : { ceremony }),
        ...(check === undefined ? {} : { check }),
      },
      found,
    );
    const length = showsLength(spec, found) ? '' : ' The token does not show its length.';
    const says = `The interrupted act had made the key that was asked for. It was adopted; no second one was made.${length}`;
    const grade = kind === 'import' ? { grade: 'C' as const } : {};
    const made = madeEntry(record, { recovered: true, ...grade });
    this.#desk.closeIntent(
      this.#intent.id,
      [{ type: this.#madeType, ...this.#common(), ...made }, ...this.#stepEntries(true, says)],
      keepPublicKey(this.#desk, record),
    );
    return { outcome: 'adopted', key, says };
  }
}

export const recoveryHandlers: Part<'recovery'> = {
  'recovery.list': { reads: true, run: (_input, { desk }) => desk.unfinished() },
  'recovery.settle': {
    run: async ({ intent, login, found }, call) => {
      const { desk, channel } = call;
      requireRole(call, MANAGERS, 'Settling an interrupted act');
      desk.signer.require();
      const row = desk.store.intents.get(intent);
      if (row === undefined)
        throw new KeymootError('not-found', 'That act is settled already. Nothing was done.');
      const entry = desk.journal.entry(row.seq);
      const wish = wishIn(entry);
      if (wish === undefined)
        throw new KeymootError(
          'state-refused',
          'Nothing of that act is on a token, so there is nothing to look for. It is settled by itself when Keymoot starts again.',
        );
      try {
        return await desk.withPin(login, channel, (pin) =>
          atToken(
            { desk, at: wish.at, login: { pin, lastTry: login.lastTry }, spec: specOf(desk, wish) },
            (bench) => new Settling(call, entry, wish, bench).settle(found),
          ),
        );
      } finally {
        await desk.seal();
      }
    },
  },
};
