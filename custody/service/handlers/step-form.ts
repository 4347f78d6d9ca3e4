/** Forming the key: the components' sum, sealed to the token's import key and unwrapped there, under an intent. */
import type { Check, KeyRecord } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { cleanText } from '../../../shared/text.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import type { DeskCeremony as Ceremony } from '../ceremony-room.ts';
import { derivedCkaId } from '../../core/keys/derived-id.ts';
import { quirksOf } from '../../core/keys/quirks.ts';
import { ALGORITHM_TABLE, type ImportSpec } from '../../core/keys/templates.ts';
import type { HolderInput, HolderOutput } from '../../../shared/holder/protocol.ts';
import type { KeyReadback, OaepHash } from '../../../shared/token/protocol.ts';
import { DEADLINES, type TokenClient } from '../../tokens/client.ts';
import { rsaSpki } from '../../core/wrapping/spki.ts';
import { uuidv7 } from '../ids.ts';
import type { KeyIntent } from '../desk.ts';
import { MakeKey, type ActOn } from '../key-act.ts';
import { specOf, showsLength, type Login } from '../key-work.ts';
import { wishDetail, type KeyWish } from '../wish.ts';
import { byActor, byCall, type Call } from '../router.ts';
import { telling } from '../telling.ts';
import { controlOf, keepPublicKey, keyRecord, madeEntry } from './key-facts.ts';
import { entryOf, fail, stepMember, type Due } from './step-record.ts';

/** Whether the device's own check value, of the key or of a twin unwrapped from the same bytes, contradicts the sum. */
const notTheSum = (
  made: Check | undefined,
  summed: { check: Check; p11: Check },
): string | undefined => {
  const expected = [summed.check, summed.p11].find(({ method }) => method === made?.method);
  return made === undefined || expected === undefined || expected.value === made.value
    ? undefined
    : 'the token’s check value is not the one of the components’ sum';
};

/** The components' sum, sealed to the token's import key. A refusal by the holder is recorded as a failure of the step; there is no intent on the token yet. */
const sumUp = async (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  to: Omit<HolderInput<'combine'>, 'expected'>,
): Promise<HolderOutput<'combine'>> => {
  const { desk } = call;
  const { expected } = ceremony.definition;
  const holder = await desk.ceremonies.holder(ceremony);
  try {
    const summed = await holder.call('combine', {
      ...to,
      ...(expected === undefined ? {} : { expected }),
    });
    desk.ceremonies.endHolder(ceremony.id);
    return summed;
  } catch (error) {
    if (error instanceof KeymootError && error.code === 'component-refused') {
      desk.ceremonies.endHolder(ceremony.id);
      // The record must not claim a check that was not made: a killed process made none, and without an expected value there was no comparison.
      const { holder: end, sum } = error.fields ?? {};
      const observed =
        end === 'ended'
          ? 'the process that held the components ended before it had added them up'
          : sum === 'unexpected'
            ? 'the components do not add up to the expected key'
            : 'the sum of the components was refused: it is no key';
      desk.journal.record([entryOf(ceremony, due, call, 'failure', observed)]);
    }
    throw error;
  }
};

/** An import key that differs from the request is a finding about the token, and recorded. */
const noting = async <T>(
  ceremony: Ceremony,
  due: Due,
  call: Call,
  sum: () => Promise<T>,
): Promise<T> => {
  try {
    return await sum();
  } catch (error) {
    if (error instanceof KeymootError && error.code === 'key-not-as-asked')
      fail(ceremony, due, call, cleanText(error.message, 900), error);
    throw error;
  }
};

interface Forming {
  ceremony: Ceremony;
  due: Due;
}

class FormKey extends MakeKey<ImportSpec> {
  readonly #of: Forming;
  #summed: HolderOutput<'combine'> | undefined;
  protected readonly deadlineMs = DEADLINES.importFinish;

  constructor(on: ActOn<ImportSpec>, of: Forming) {
    super(on);
    this.#of = of;
  }
  get #where() {
    return stepMember(this.#of.ceremony, this.#of.due);
  }
  get #attempt() {
    const { due } = this.#of;
    const { id, kind } = due.state.step;
    return { step: id, attempt: due.attempt, kind };
  }
  get #hash(): OaepHash {
    return quirksOf(this.desk.devices.row(this.on.wish.at.module).family).oaep[0] ?? 'SHA-1';
  }
  get #sum(): HolderOutput<'combine'> {
    if (this.#summed === undefined) throw new Error('ceremony: the components are not added up');
    return this.#summed;
  }

  protected override look(client: TokenClient): Promise<void> {
    const looking = 'Looking whether the token has a key of that label already.';
    return telling(this.on.call, looking, () => super.look(client));
  }
  /** The import key is a session object that can only unwrap; it ends with this process at the latest. */
  protected override async prepare(client: TokenClient): Promise<void> {
    const { call, login, wish } = this.on;
    const { ceremony, due } = this.#of;
    const { bits } = ALGORITHM_TABLE[ceremony.definition.importKey];
    this.#summed = await noting(ceremony, due, call, async () => {
      const { modulus, exponent } = await telling(
        call,
        'The token is making a key that only takes the other in. It is gone afterwards.',
        () =>
          client.call('importBegin', {
            ...{ token: wish.at.token, ...login, bits, label: 'keymoot-import' },
          }),
      );
      return telling(call, 'Adding the components up, and sealing the sum.', () =>
        sumUp(ceremony, due, call, { spki: rsaSpki(modulus, exponent), bits, hash: this.#hash }),
      );
    });
  }
  protected intend(): readonly [KeyIntent, ...NewEntry[]] {
    const { call, wish } = this.on;
    const { check, p11 } = this.#sum;
    return [
      {
        type: 'key.import',
        detail: { ...wishDetail({ ...wish, check, p11 }), grade: 'C' },
        tokenSerial: wish.at.token.serial,
        ...this.#where,
        ...byCall(call),
      },
      { type: 'ceremony.step', detail: this.#attempt, ...this.#where, ...byCall(call) },
    ];
  }
  protected ask(client: TokenClient): Promise<KeyReadback> {
    const { template, targets, cmac } = this.on.spec;
    return telling(this.on.call, 'The token is taking the key in. This can’t be cancelled.', () =>
      client.call('importFinish', {
        ...{ wrapped: this.#sum.wrapped, hash: this.#hash, template, targets, cmac, twin: true },
      }),
    );
  }
  protected override compare(made: KeyReadback): string | undefined {
    return super.compare(made) ?? notTheSum(made.check, this.#sum);
  }
  protected notAsWished(difference: string): KeymootError {
    return new KeymootError(
      'key-not-as-asked',
      `The token holds something other than was formed: ${difference}. It was destroyed again, and its absence checked.`,
    );
  }
  protected failed(reason: string, observed: string, objects: number): NewEntry[] {
    const { call, wish } = this.on;
    const outcome = { outcome: 'failure', reason, ...this.#where, ...byActor(call) } as const;
    return [
      {
        type: 'key.import',
        corr: this.intended(),
        detail: { key: wish.key, objects },
        ...outcome,
      },
      {
        type: 'ceremony.step',
        corr: this.intended(1),
        detail: { ...this.#attempt, observed },
        ...outcome,
      },
    ];
  }
  protected made(made: KeyReadback): { key: KeyRecord; entries: NewEntry[] } {
    const { call, spec, wish } = this.on;
    const key = keyRecord(
      {
        id: wish.key,
        at: wish.at,
        request: spec.request,
        state: 'quarantine',
        control: controlOf(this.desk, wish.at),
        ceremony: this.#of.ceremony.id,
        check: this.#sum.check,
        created: new Date().toISOString(),
      },
      made,
    );
    const common = { ...this.#where, ...byActor(call) };
    return {
      key,
      entries: [
        { type: 'key.import', corr: this.intended(), ...madeEntry(key, { grade: 'C' }), ...common },
        {
          type: 'ceremony.step',
          corr: this.intended(1),
          detail: { ...this.#attempt, observed: observedOf(key, made, spec) },
          ...common,
        },
      ],
    };
  }
  protected keep(key: KeyRecord): () => void {
    return keepPublicKey(this.desk, key);
  }
}

/** The attributes that the device showed of a formed key, as text. */
const observedOf = ({ origin }: KeyRecord, made: KeyReadback, spec: ImportSpec): string => {
  const { check, twin } = made;
  const confirmed =
    check === undefined
      ? 'the token gives no check value, so that is our word'
      : `check value confirmed by the token (${check.method}${twin === true ? ', of a session twin of the same bytes' : ''})`;
  const length = showsLength(spec, made) ? '' : '; the token does not show its length';
  return `the token holds the key; origin ${origin}, in quarantine; ${confirmed}${length}`;
};

export const formKey = async (
  ceremony: Ceremony,
  due: Due,
  call: Call,
  login: Login,
): Promise<void> => {
  const { definition, definitionSha256, id } = ceremony;
  const wish: KeyWish = {
    at: definition.at,
    key: uuidv7(),
    kind: 'import',
    ...definition.key,
    ckaid: Buffer.from(
      derivedCkaId(definitionSha256, id, due.state.step.id, due.attempt, 'key'),
    ).toString('hex'),
  };
  const spec = specOf(call.desk, wish);
  if (!('template' in spec)) throw new Error('ceremony: a spec to import was expected');
  await new FormKey({ call, login, wish, spec }, { ceremony, due }).run();
};
