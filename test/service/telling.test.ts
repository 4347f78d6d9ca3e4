/** The progress reports of long work. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
} from '../../custody/cli/rehearsal/ceremony.ts';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { telling } from '../../custody/service/telling.ts';

describe('a call that waits', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const callOf = (emit: (event: string, payload: unknown) => void) =>
    ({ desk: { emit }, requestId: 7 }) as unknown as Parameters<typeof telling>[0];

  test('says what for at once, then every half second how long it took, and no more when it is over', async () => {
    vi.useFakeTimers();
    const told: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<string>();
    const work = telling(
      callOf((event, payload) => told.push([event, payload])),
      'The token is at work.',
      () => promise,
    );
    await vi.advanceTimersByTimeAsync(1000);
    resolve('made');
    expect(await work).toBe('made');
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual(
      [0, 500, 1000].map((elapsedMs) => [
        'progress',
        { request: 7, text: 'The token is at work.', elapsedMs },
      ]),
    );
  });
  test('is silent again when the work fails', async () => {
    vi.useFakeTimers();
    const emit = vi.fn();
    await expect(
      telling(callOf(emit), 'The token is at work.', () => Promise.reject(new Error('refused'))),
    ).rejects.toThrow('refused');
    await vi.advanceTimersByTimeAsync(5000);
    expect(emit).toHaveBeenCalledTimes(1);
  });
});

test('forming a key says each of its steps, in their order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-telling-'));
  const room = await Room.enter(folder);
  try {
    await room.found('telling.example');
    const at = await room.train('softhsm', 'work', 'administrator', 'officer');
    const envelopes = packEnvelopes(16);
    const definition = await draftDefinition(room, at, 'AES-128', 'told', envelopes.expected);
    const { sha256 } = await defineAndApprove(room, definition);
    let view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, 'administrator');
    const due = () => view.steps.find(({ step }) => step.id === view.due)?.step.kind;
    while (due() !== 'key.form') view = await playStep(room, view, definition, envelopes, 'work');
    const told: string[] = [];
    room.desk.on('progress', ({ text }) => {
      if (told.at(-1) !== text) told.push(text);
    });
    view = await playStep(room, view, definition, envelopes, 'work');
    expect(told).toEqual([
      'Looking whether the token has a key of that label already.',
      'The token is making a key that only takes the other in. It is gone afterwards.',
      'Adding the components up, and sealing the sum.',
      'The token is taking the key in. This can’t be cancelled.',
    ]);
  } finally {
    await room.desk.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
