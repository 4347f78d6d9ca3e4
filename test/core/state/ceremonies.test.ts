/** Ceremonies as the log tells of them: what has a place in one, and which step may be taken. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mayBeTaken } from '../../../custody/core/ceremonies/engine.ts';
import type { Outline } from '../../../custody/core/ceremonies/outline.ts';
import type { EntryType } from '../../../shared/log/entries.ts';
import { id, sha, Told } from './told.ts';

const DEFINITION = sha('definition');
const NAMED = { id: sha('ceremony').slice(0, 32), definition_sha256: DEFINITION };
const [ana, ben, dora] = [id(), id(), id()];
const outline = (irreversible: readonly boolean[]): Outline => ({
  seats: [
    { seat: 'administrator', person: ana },
    { seat: 'operator', person: ben },
  ],
  substitutes: [{ seat: 'operator', person: dora }],
  steps: irreversible.map((final, at) => ({
    ...{ id: String(at + 1), kind: `kind-${at + 1}`, irreversible: final },
    seats: ['operator'],
  })),
});
const knowing = (definition: Outline): Told =>
  new Told({
    definition: (sha256) => (sha256 === DEFINITION ? definition : undefined),
    approvals: () => 2,
  });
const armed = (irreversible: readonly boolean[] = [false]): Told => {
  const told = knowing(outline(irreversible));
  const ceremony = NAMED;
  expect(told.tell('ceremony.arm', { definition_sha256: DEFINITION }, { ceremony })).toEqual([]);
  return told;
};
const seen = (told: Told) => told.state.ceremonies.get(NAMED.id)!;
const inside = { ceremony: NAMED };
const at = (step: string) => ({ ceremony: { ...NAMED, step } });
const taking = (told: Told, step: string, more: object = {}): string[] => {
  const before = seen(told).steps.find((one) => one.step.id === step)?.attempts ?? 0;
  const detail = { step, attempt: before + 1, kind: `kind-${step}`, ...more };
  return told.tell('ceremony.step', detail, at(step));
};

describe('what has a place in a ceremony', () => {
  const words = { expected: 'x', observed: 'y', decision: 'z' };
  const ENTRIES: Record<string, [EntryType, object, object]> = {
    step: ['ceremony.step', { step: '1', attempt: 2, kind: 'kind-1' }, at('1')],
    agree: ['ceremony.agree', { person: ana }, inside],
    disagree: ['ceremony.disagree', { person: ana }, inside],
    exception: ['ceremony.exception', { number: 1, step: '0', ...words }, inside],
    pause: ['ceremony.pause', {}, inside],
    resume: ['ceremony.resume', {}, inside],
    abort: ['ceremony.abort', { because: 'x' }, { ...inside, outcome: 'intent' }],
    close: [
      'ceremony.close',
      { verdict: 'AGREED', exceptions: 0, agreed: 0, disagreed: 0 },
      inside,
    ],
    destroy: ['key.destroy', { key: id() }, { ...inside, outcome: 'failure' }],
    quiet: ['clock.changed', { step_ms: 0 }, inside],
    'quiet at a step': ['clock.changed', { step_ms: 0 }, at('1')],
    arm: ['ceremony.arm', { definition_sha256: DEFINITION }, inside],
  };
  const all = Object.keys(ENTRIES);
  const STATUS: [string, string[], string[]][] = [
    ['runs', [], all.filter((name) => name !== 'resume')],
    ['is paused', ['pause'], ['exception', 'resume', 'abort', 'destroy', 'quiet', 'arm']],
    ['runs again', ['pause', 'resume'], all.filter((name) => name !== 'resume')],
    ['is being aborted', ['abort'], ['abort', 'destroy']],
    ['is closed', ['close'], []],
  ];
  for (const [how, before, fit] of STATUS)
    test(`that ${how}: ${fit.join(', ') || 'nothing'}`, () => {
      const told = armed();
      const tell = (name: string) => {
        const [type, detail, more] = ENTRIES[name]!;
        return told.tell(type, detail, more);
      };
      expect(taking(told, '1')).toEqual([]);
      for (const name of before) expect([name, tell(name)]).toEqual([name, []]);
      told.state.begin();
      for (const name of all) {
        expect([name, tell(name).length === 0]).toEqual([name, fit.includes(name)]);
        told.state.drop();
        told.state.begin();
      }
    });

  test('is the outcome of what began before, until it is over', () => {
    for (const [type, detail] of [
      ['ceremony.pause', {}],
      ['ceremony.abort', { because: 'x' }],
    ] as const) {
      const told = armed();
      const step = { step: '1', attempt: 1, kind: 'kind-1' };
      told.tell('ceremony.step', step, { ...at('1'), outcome: 'intent' });
      const corr = told.last;
      told.tell(
        type,
        detail,
        type === 'ceremony.abort' ? { ...inside, outcome: 'intent' } : inside,
      );
      expect(told.tell('ceremony.step', step, { ...at('1'), corr })).toEqual([]);
    }
    const told = armed();
    const intent = { ...inside, outcome: 'intent' } as const;
    told.tell('ceremony.abort', { because: 'x' }, intent);
    const corr = told.last;
    expect(told.tell('ceremony.abort', { because: 'x' }, { ...inside, corr })).toEqual([]);
    expect(told.tell('ceremony.abort', { because: 'x' }, intent)).toEqual([
      'the ceremony is ABORTED already',
    ]);
  });
  test('is an abort that leaves no key of the ceremony in quarantine', () => {
    const told = armed();
    const key = told.key({ module: undefined, token: undefined }, inside);
    const abort = () => told.tell('ceremony.abort', { because: 'x' }, inside);
    told.state.begin();
    expect(abort()).toEqual([
      'it is over, and a key that it made and did not release is not destroyed',
    ]);
    told.state.drop();
    expect(told.pair('key.destroy', { key }, inside)).toEqual([]);
    expect(abort()).toEqual([]);
    expect(seen(told).status).toBe('ABORTED');
  });
});

describe('a step', () => {
  test('may be taken after all before it, and again until something irreversible is done', () => {
    const flags = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        flags,
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 25 }),
        (irr, tries) => {
          const told = armed(irr);
          const done = new Set<number>();
          for (const step of tries) {
            const may =
              step <= irr.length &&
              irr.every((_, before) => before >= step - 1 || done.has(before + 1)) &&
              !(done.has(step) && irr.some((final, other) => final && done.has(other + 1)));
            expect(mayBeTaken(seen(told), String(step))).toBe(may);
            told.state.begin();
            expect(taking(told, String(step)).length === 0).toBe(may);
            if (may) told.state.keep();
            else told.state.drop();
            if (may) done.add(step);
          }
          expect(seen(told).steps.map(({ state }) => state === 'done')).toEqual(
            irr.map((_, step) => done.has(step + 1)),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
  test('is one of the definition, of its kind, counted from 1, and one at a time', () => {
    const told = armed([false, false]);
    const failing = (more: object, place = at('1')) =>
      told.tell(
        'ceremony.step',
        { step: '1', attempt: 1, kind: 'kind-1', ...more },
        { ...place, outcome: 'failure' },
      );
    told.state.begin();
    for (const wrong of [{ kind: 'kind-2' }, { attempt: 0 }, { attempt: 2 }, { step: '2' }]) {
      expect(failing(wrong)).not.toEqual([]);
      told.state.drop();
      told.state.begin();
    }
    expect(failing({}, inside as never)).toEqual(['it tells of another step than it names']);
    told.state.drop();
    expect(failing({})).toEqual([]);
    const second = { step: '1', attempt: 2, kind: 'kind-1' };
    expect(told.tell('ceremony.step', second, { ...at('1'), outcome: 'intent' })).toEqual([]);
    expect(failing({ attempt: 3 })).toEqual(['another step is still open']);
  });
  test('is not taken while the one before it only failed', () => {
    const told = armed([false, false]);
    told.tell(
      'ceremony.step',
      { step: '1', attempt: 1, kind: 'kind-1' },
      { ...at('1'), outcome: 'failure' },
    );
    expect(taking(told, '2')).toEqual(['step 2 is not the one that is due']);
  });
});

describe('a ceremony', () => {
  test('seats a substitute by an exception that lacks nobody', () => {
    const told = armed();
    const except = (
      number: number,
      lacking: boolean,
      substitute: { person: string; seat: string },
    ) =>
      told.tell(
        'ceremony.exception',
        { number, step: '0', expected: 'x', observed: 'y', decision: 'z', substitute },
        inside,
        { lacking },
      );
    const operator = () => seen(told).seats.get('operator');
    except(1, true, { person: dora, seat: 'operator' });
    expect(operator()).toBe(ben);
    except(2, false, { person: ana, seat: 'operator' });
    expect(operator()).toBe(ben);
    except(3, false, { person: dora, seat: 'operator' });
    expect(operator()).toBe(dora);
    expect(except(3, false, { person: dora, seat: 'operator' })).toHaveLength(1);
  });
  test('can’t be followed without its definition, which is said and is no contradiction', () => {
    const told = new Told();
    expect(told.tell('ceremony.arm', { definition_sha256: DEFINITION }, inside)).toEqual([]);
    expect(told.doubts).toHaveLength(1);
    expect(told.tell('ceremony.resume', {}, inside)).toEqual([]);
    expect(told.state.ceremonies.size).toBe(0);
  });
  test('uses up the approvals of its definition, of people who have not left', () => {
    const told = knowing(outline([false]));
    const detail = { definition_sha256: DEFINITION };
    const act = (person: string, role: string, channel = 'ceremonies.approve') =>
      ({ statement: { channel, person }, role, keySha256: sha(person) }) as never;
    const approve = (acts: never[], outcome: 'success' | 'failure' = 'success') =>
      told.tell('ceremony.approve', detail, { outcome }, { acts });
    const count = () => told.state.approvals.get(DEFINITION)?.size ?? 0;
    approve([act(ana, 'officer')], 'failure');
    approve([act(ana, 'witness')]);
    approve([act(ana, 'officer', 'ceremonies.define')]);
    expect(count()).toBe(0);
    approve([act(ana, 'officer')]);
    approve([act(ana, 'officer')]);
    approve([act(ben, 'operator')]);
    expect(count()).toBe(2);
    told.tell('person.left', { person: ben });
    expect(count()).toBe(1);
    told.tell('ceremony.arm', detail, { ...inside, outcome: 'failure' });
    expect(count()).toBe(0);
    expect(told.state.ceremonies.size).toBe(0);
  });
});
