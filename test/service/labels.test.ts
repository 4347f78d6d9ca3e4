/** Names that people type: allowed characters, forbidden ones, and names that are taken already. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADA, OTTO, TestDesk, newLabel, possible, refusedAs } from '../support/desk.ts';

const BAD: [string, string][] = [
  ['nothing', ''],
  ['a line break', 'a\nb'],
  ['a NUL', 'a\0b'],
  ['an escape sequence', '\u001b[2Jgone'],
  ['a character of the second control range', 'a\u0085b'],
  ['text that runs right to left', 'safe\u202Eyek'],
  ['a directional isolate', 'a\u2066b'],
  ['a zero-width space', 'key\u200B1'],
  ['a zero-width joiner', 'key\u200D1'],
  ['a byte order mark', '\uFEFFkey'],
  ['a line separator', 'a\u2028b'],
  ['an Arabic letter mark', 'a\u061Cb'],
  ['a soft hyphen', 'key\u00AD1'],
  ['a Hangul filler', 'key\u3164'],
  ['a tag character', 'key\u{E0031}'],
  ['a variation selector after a letter', 'key\uFE0F'],
  ['half a character', 'a\ud83db'],
  ['65 bytes', 'x'.repeat(65)],
  ['33 characters of two bytes', 'é'.repeat(33)],
  ['ten kilobytes', 'label '.repeat(1_700)],
];

describe.skipIf(!possible)('a label', () => {
  let desk: TestDesk;
  beforeAll(async () => {
    desk = await TestDesk.found();
  });
  afterAll(() => desk.remove());

  for (const [what, label] of BAD)
    test(`with ${what} is refused, for a key, a person and a title`, async () => {
      const inputs = {
        at: desk.room.token('work'),
        algorithm: 'AES-128',
        purpose: 'mac',
        label,
        login: { first: desk.person(ADA), second: desk.person(ADA) },
      };
      // Sent directly: a face could not even hash an input with a lone surrogate for a proof.
      const raw = await refusedAs(
        'input-invalid',
        desk.room.desk.send({ channel: 'keys.generate', input: inputs }),
      );
      expect(Object.keys(raw.fields ?? {})).toEqual(['label']);
      expect(raw.message.length).toBeLessThan(300);
      const enrol = { name: label, role: 'witness', passphrase: desk.person(ADA) };
      const person = await refusedAs(
        'input-invalid',
        desk.room.desk.send({ channel: 'people.enrol', input: enrol }),
      );
      expect(Object.keys(person.fields ?? {})).toEqual(['name']);
      // A title may have twice as many bytes.
      if (what.startsWith('65 ') || what.startsWith('33 ')) return;
      const { definition } = await desk.draft();
      const title = await refusedAs(
        'input-invalid',
        desk.room.desk.send({
          channel: 'ceremonies.define',
          input: { definition: { ...definition, title: label } },
        }),
      );
      expect(Object.keys(title.fields ?? {})).toEqual(['definition.title']);
    });

  test('may be in any script, with emoji, up to 64 bytes, and comes back as it was typed', async () => {
    for (const label of [
      '🔑 root',
      'ключ',
      '鍵',
      'مفتاح',
      '☎\uFE0F desk',
      'x'.repeat(64),
      `'"\\;$(reboot)`,
      '<b>&amp;',
      '../../etc',
    ]) {
      const size = await desk.logSize();
      const key = await desk.generate(label);
      expect(key.label).toBe(label);
      expect((await desk.entries(size)).map((entry) => entry['target'])).toMatchObject([
        { label },
        { label },
      ]);
    }
    const { objects } = await desk.call(
      'tokens.objects',
      { at: desk.room.token('work'), login: await desk.room.login('work', 'tokens.objects') },
      ADA,
    );
    const labels = objects.map(({ attributes }) => attributes['CKA_LABEL']);
    expect(labels).toEqual(expect.arrayContaining(['🔑 root', '鍵', '../../etc']));
  });
  test('that a key on the token has already is refused, whatever kind of key is asked for', async () => {
    const label = newLabel();
    await desk.generate(label);
    await desk.unchanged('label-taken', () => desk.generate(label));
    await desk.unchanged('label-taken', () =>
      desk.generate(label, { algorithm: 'P-256', purpose: 'sign' }),
    );
    const pair = newLabel();
    await desk.generate(pair, { algorithm: 'P-256', purpose: 'sign' });
    await desk.unchanged('label-taken', () => desk.generate(pair));
  });
  test('is free again when its key was destroyed', async () => {
    const key = await desk.generate(newLabel());
    const destroy = async (typed: string, ...names: string[]) =>
      desk.call(
        'keys.destroy',
        { key: key.id, typed, login: await desk.room.login('work', 'keys.destroy') },
        ...names,
      );
    await desk.unchanged('readback-wrong', () => destroy(key.label.toUpperCase(), ADA, OTTO));
    await desk.unchanged('two-required', () => destroy(key.label, ADA));
    await desk.unchanged('role-refused', () => destroy(key.label, ADA, 'witness'));
    await destroy(key.label, ADA, OTTO);
    await desk.unchanged('state-refused', () => destroy(key.label, ADA, OTTO));
    expect((await desk.generate(key.label)).id).not.toBe(key.id);
  });
  test('is refused for a ceremony’s key when it is taken, before anything is formed', async () => {
    const label = newLabel();
    await desk.generate(label);
    const played = await desk.arm('8', (definition) => ({
      ...definition,
      key: { ...definition.key, label },
    }));
    const before = await desk.call('ceremonies.show', { ceremony: played.view.id });
    await desk.unchanged('label-taken', () => desk.play(played, '9'));
    expect(await desk.call('ceremonies.show', { ceremony: played.view.id })).toEqual(before);
  });
  test('of a person who is enrolled already is refused, spelled in another way too', async () => {
    await desk.unchanged('ambiguous', () => desk.room.enrol('Wim de Boer', 'witness', ADA, OTTO));
    await desk.unchanged('ambiguous', () => desk.room.enrol('Ｗim de Boer', 'witness', ADA, OTTO));
  });
  test('of two training tokens is never the same', async () => {
    await desk.unchanged('label-taken', () => desk.room.train('softhsm', 'work', ADA, OTTO));
  });
  test('that a purpose or algorithm does not fit is refused by name', async () => {
    const error = await desk.unchanged('input-invalid', () =>
      desk.generate(newLabel(), { algorithm: 'P-256', purpose: 'encrypt' }),
    );
    expect(error.fields).toHaveProperty('purpose');
  });
});
