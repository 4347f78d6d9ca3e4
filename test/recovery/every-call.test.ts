/**
 * `npm run test:kill`: every native call that generating a key makes, cut short before and after it, by each victim. The calls are not listed here: one key is
 * generated with a record of them, and the cuts are made of that. Whatever was cut, the desk opens, at most one act waits to be settled, and once that is done
 * the token holds exactly the keys that the desk knows.
 *
 * It takes many minutes, so `npm test` runs the sample in generate.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  cutShort,
  generateKey,
  possible,
  requireAgreement,
  requireVerified,
  setStage,
  settle,
  wordsOf,
  type Cut,
  type Stage,
} from './stage.ts';

const asked = process.env['KEYMOOT_EVERY_CALL'] === '1';
const VICTIMS = ['service', 'token', 'power'] as const;

/** Each call of a record, as the nth of its name. */
const numbered = (calls: readonly string[]): Pick<Cut, 'at' | 'nth'>[] => {
  const seen = new Map<string, number>();
  return calls.map((at) => {
    const nth = (seen.get(at) ?? 0) + 1;
    seen.set(at, nth);
    return { at, nth };
  });
};

describe.skipIf(!possible || !asked)('generating a key, cut short at every call', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(async () => {
    await stage.remove();
  });

  /** What became of each cut act, counted. */
  const ends: Record<string, number> = {};
  const note = (end: string): void => {
    ends[end] = (ends[end] ?? 0) + 1;
  };

  /** Cuts one generation short, settles what is left, and requires that desk and token agree. */
  const play = async (cut: Cut, label: string, wish: 'adopt' | 'destroy'): Promise<void> => {
    const { room } = stage;
    const outcome = await cutShort(stage, cut, () => generateKey(stage, label));
    const [open, ...others] = await room.desk.call('recovery.list', {});
    expect(others).toEqual([]);
    if (open !== undefined) note((await settle(stage, open.intent, wish)).outcome);
    else note('value' in outcome ? 'done all the same' : 'not begun');
    expect(await room.desk.call('recovery.list', {})).toEqual([]);
    await requireAgreement(stage);
    const known = await room.desk.call('keys.list', {});
    if ('value' in outcome) expect(known.find((key) => key.label === label)?.state).toBe('active');
  };

  test('leaves what the desk knows and nothing else', async () => {
    stage.steer.forget();
    await generateKey(stage, 'uncut');
    const calls = numbered(stage.steer.calls());
    const cuts = calls.flatMap((call) =>
      VICTIMS.flatMap((victim) =>
        (['before', 'after'] as const).map((when): Cut => ({ ...call, when, victim })),
      ),
    );
    console.log(`${calls.length} calls, ${cuts.length} cuts`);
    const failed: string[] = [];
    for (const [number, cut] of cuts.entries())
      await play(cut, `cut-${number}`, number % 2 === 0 ? 'adopt' : 'destroy').catch(
        (error: unknown) => failed.push(`${wordsOf(cut)}: ${String(error)}`),
      );
    console.log(ends);
    expect(failed).toEqual([]);
    // Cuts that all ended alike would prove little.
    expect(Object.keys(ends)).toEqual(
      expect.arrayContaining(['not begun', 'nothing-was-made', 'adopted', 'destroyed']),
    );
    await requireVerified(stage);
  }, 3_600_000);
});
