/** The desk's record of a key has the device's own values, and a key whose values differ from the request is destroyed (R28). */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TokenIdentity, TokenRef } from '../../shared/domain/tokens.ts';
import { buildFaults, compiler, control, type Control } from '../faults/build.ts';
import { ADA, OTTO, TestDesk, newLabel, possible, refusedAs } from '../support/desk.ts';
import { softhsmFolder, softhsmToken, type ThrowAway } from '../support/softhsm.ts';

const CKA = {
  LOCAL: '0x163',
  SENSITIVE: '0x103',
  EXTRACTABLE: '0x162',
  ALWAYS_SENSITIVE: '0x165',
  NEVER_EXTRACTABLE: '0x164',
};

describe.skipIf(!possible || compiler() === undefined)('a device that contradicts', () => {
  let desk: TestDesk;
  let hsm: ThrowAway;
  let steer: Control;
  let at: TokenRef;
  beforeAll(async () => {
    desk = await TestDesk.found();
    hsm = await softhsmFolder();
    const token: TokenIdentity = await softhsmToken(hsm.options, 'faulty');
    // Under the real library's name, so that the desk takes the proxy for that library.
    const folder = join(hsm.folder, 'library');
    mkdirSync(folder);
    const library = join(folder, 'libsofthsm2.so');
    copyFileSync(buildFaults().faulty, library);
    steer = control(hsm.folder, hsm.options.path);
    steer.beside(library);
    const added = await desk.call(
      'modules.add',
      {
        grant: await desk.room.desk.grant('module', library),
        label: 'misbehaves',
        environment: { ...hsm.options.env },
      },
      ADA,
      OTTO,
    );
    at = { module: added.module.id, token };
    desk.room.tokens.set('faulty', at);
    desk.room.pins.set('faulty', {
      first: Buffer.from('left-12'),
      second: Buffer.from('right-34'),
    });
  });
  beforeEach(() => steer.set());
  afterAll(async () => {
    await desk.remove();
    hsm.remove();
  });

  const generate = async (label: string, more = {}) =>
    desk.generate(label, { at, login: await desk.room.login('faulty', 'keys.generate'), ...more });
  const labels = async (): Promise<unknown[]> => {
    steer.set();
    const login = await desk.room.login('faulty', 'tokens.objects');
    const { objects } = await desk.call('tokens.objects', { at, login }, ADA);
    return objects.map(({ attributes }) => attributes['CKA_LABEL']);
  };

  test('is believed when it does not', async () => {
    const key = await generate(newLabel());
    expect(key).toMatchObject({ origin: 'generated', control: 'single-control', state: 'active' });
    const { claims } = await desk.room.desk.call('keys.show', { key: key.id });
    expect(claims.map(({ claim }) => claim).join(' ')).toContain('Single control');
  });
  test('is never said to have generated a key of which it says CKA_LOCAL false', async () => {
    steer.set('C_GetAttributeValue * lie-local');
    const label = newLabel();
    const size = await desk.logSize();
    const made = await generate(label).catch((error: unknown) => error as { code: string });
    if ('code' in made) {
      expect(made.code).toBe('key-not-as-asked');
      expect(await labels()).not.toContain(label);
    } else expect(made.origin).not.toBe('generated');
    const entries = await desk.entries(size);
    for (const { detail } of entries)
      expect((detail as { origin?: string }).origin).not.toBe('generated');
  });
  for (const [what, line] of [
    ['can be read', `C_GetAttributeValue * attr ${CKA.SENSITIVE} 00`],
    ['can leave', `C_GetAttributeValue * attr ${CKA.EXTRACTABLE} 01`],
    ['is shorter than asked', 'C_GenerateKey * substitute 16'],
  ] as const)
    test(`keeps no key that ${what}`, async () => {
      steer.set(line);
      const label = newLabel();
      const size = await desk.logSize();
      await expect(generate(label)).rejects.toMatchObject({ code: 'key-not-as-asked' });
      expect(await desk.entries(size)).toMatchObject([
        { type: 'key.generate', outcome: 'intent' },
        { type: 'key.generate', outcome: 'failure', reason: 'key-not-as-asked' },
      ]);
      expect(await labels()).not.toContain(label);
      expect((await desk.room.desk.call('keys.list', {})).some((key) => key.label === label)).toBe(
        false,
      );
    });
  test('is not taken for logged in because it says that it is', async () => {
    steer.set('C_Login * return 0x100');
    await desk.unchanged('already-logged-in', () => generate(newLabel()));
  });
  test('gets no sum of components under an import key that anybody could open, and keeps no formed key of which it says that it was made inside', async () => {
    const played = await desk.arm('8', (definition) => ({ ...definition, at }));
    const form = async () => {
      const login = { ...(await desk.room.login('faulty', 'ceremonies.step')), lastTry: false };
      const phrase = played.view.steps[7]?.step.phrase ?? '';
      return desk.call(
        'ceremonies.step',
        { ceremony: played.view.id, step: '8', input: { kind: 'key.form', phrase, login } },
        ADA,
        'witness',
      );
    };
    steer.set('C_GetAttributeValue * attr 0x122 000001');
    const begun = await desk.logSize();
    expect((await refusedAs('key-not-as-asked', form())).message).toContain('exponent');
    expect(await desk.entries(begun)).toMatchObject([
      { type: 'ceremony.step', outcome: 'failure', detail: { kind: 'key.form' } },
    ]);
    expect(await labels()).not.toContain('keymoot-import');
    // The components are still held and need not be entered again.
    steer.set(
      `C_GetAttributeValue * attr ${CKA.LOCAL} 01`,
      `C_GetAttributeValue * attr ${CKA.ALWAYS_SENSITIVE} 01`,
      `C_GetAttributeValue * attr ${CKA.NEVER_EXTRACTABLE} 01`,
    );
    const size = await desk.logSize();
    const error = await refusedAs('key-not-as-asked', form());
    expect(error.message).toContain('CKA_LOCAL');
    steer.set();
    expect(await desk.entries(size)).toMatchObject([
      { type: 'key.import', outcome: 'intent' },
      { type: 'ceremony.step', outcome: 'intent' },
      { type: 'key.import', outcome: 'failure' },
      { type: 'ceremony.step', outcome: 'failure' },
    ]);
    expect(await labels()).not.toContain(played.definition.key.label);
    const keys = await desk.room.desk.call('keys.list', {});
    expect(keys.some(({ ceremony }) => ceremony !== undefined)).toBe(false);
  });
});
