/**
 * The service hands PIN halves and components on, and reads passphrases. None of them may stay in its memory, since it runs for as long as the desk is open.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  defineAndApprove,
  draftDefinition,
  packEnvelopes,
  playStep,
  type Envelopes,
} from '../../custody/cli/rehearsal/ceremony.ts';
import { TestDesk, ADA, OTTO, possible } from '../support/desk.ts';
import { formsOfHex, formsOfText, searchMemory, type Form } from '../support/memory.ts';

/** Whether the system allows reading another process's memory. */
const allowed = process.platform === 'linux';

describe.runIf(possible && allowed)('the service’s memory', () => {
  let desk: TestDesk;
  let envelopes: Envelopes;
  beforeAll(async () => {
    desk = await TestDesk.found();
    const { room } = desk;
    await room.call(
      'keys.generate',
      {
        at: room.token('work'),
        algorithm: 'AES-256',
        purpose: 'encrypt',
        label: 'memory',
        extractable: false,
        login: await room.login('work', 'keys.generate'),
      },
      ADA,
      OTTO,
    );
    envelopes = packEnvelopes(32);
    const definition = await draftDefinition(
      room,
      room.token('work'),
      'AES-256',
      'formed',
      envelopes.expected,
    );
    const { sha256 } = await defineAndApprove(room, definition);
    let view = await room.call('ceremonies.arm', { definitionSha256: sha256 }, ADA);
    while (view.steps.find(({ step }) => step.id === view.due)?.step.kind !== 'key.verify')
      view = await playStep(room, view, definition, envelopes, 'work');
  });
  afterAll(async () => {
    await desk.remove();
  });

  const left = (forms: readonly Form[]): string[] =>
    searchMemory(desk.room.desk.pid, forms).map(({ form, text }) => `${form}: ${text}`);
  const text = (secret: Uint8Array): Form[] => formsOfText(Buffer.from(secret).toString());

  test('is searched: what the log says is found', () => {
    expect(left(formsOfText('ceremony.step'))).not.toEqual([]);
  });
  test('has no half of a PIN in it', () => {
    const halves = [...desk.room.pins.values()].flatMap(({ first, second }) => [first, second]);
    expect(left(halves.flatMap(text))).toEqual([]);
  });
  test('has no passphrase in it', () => {
    expect(left(desk.room.players.flatMap(({ passphrase }) => text(passphrase)))).toEqual([]);
  });
  test('has no component in it, as it was typed or as bytes', () => {
    const digits = envelopes.components.map(({ hex }) => hex.replaceAll(' ', ''));
    expect(left(digits.flatMap(formsOfHex))).toEqual([]);
  });
});
