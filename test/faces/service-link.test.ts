/** The link to the service: one answer for every call, whatever the service does. First with services that misbehave, then with the real one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ensureBuild } from '../../scripts/setup.mjs';
import { root } from '../../scripts/lib/project.mjs';
import { askFile, answersFromEnvironment } from '../../electron/common/files.ts';
import { PageDesk } from '../../electron/common/page-desk.ts';
import {
  type Command,
  dataFolder,
  findProgram,
  serveCommand,
} from '../../electron/common/program.ts';
import { type LinkOptions, ServiceLink } from '../../electron/common/service-link.ts';
import type { FaceMessage } from '../../shared/window/bridge.ts';

let home: string;
const links: ServiceLink[] = [];
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'keymoot-link-'));
});
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.stop(500)));
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

const hello = { channel: 'desk.hello', input: {} };

/** A service of a few lines: `onLine(request, say)` for each line. */
let scripts = 0;
const service = (body: string): (() => Command) => {
  const file = join(home, `service-${++scripts}.cjs`);
  writeFileSync(
    file,
    `const say = (m) => process.stdout.write((typeof m === 'string' ? m : JSON.stringify(m)) + '\\n');
     require('node:readline').createInterface({ input: process.stdin })
       .on('line', (line) => onLine(JSON.parse(line)))
       .on('close', () => process.exit(0));
     ${body}`,
  );
  return () => ({ program: process.execPath, args: [file], env: {} });
};
const linked = (command: LinkOptions['command'], options: Partial<LinkOptions> = {}) => {
  const link = new ServiceLink({ command, ...options });
  const messages: FaceMessage[] = [];
  link.listen((message) => {
    messages.push(message);
  });
  links.push(link);
  link.start();
  return { link, messages };
};
const words = async (answer: ReturnType<ServiceLink['request']>): Promise<string> => {
  const given = await answer;
  if (given.ok) throw new Error('an error was expected');
  expect(given.error.code).toBe('internal');
  return given.error.message;
};

describe('a service', () => {
  test('that answers in another order answers each call its own', async () => {
    const { link } = linked(
      service(`const held = [];
        function onLine(r) {
          held.push(r);
          if (held.length === 3)
            for (const { id, input } of held.reverse()) say({ id, ok: true, value: input });
        }`),
    );
    const answers = ['a', 'b', 'c'].map((input) => link.request({ ...hello, input }));
    expect(await Promise.all(answers)).toEqual(
      ['a', 'b', 'c'].map((value) => ({ ok: true, value })),
    );
  });
  test('that answers twice, to nobody, or in no words of ours is heard once', async () => {
    const { link, messages } = linked(
      service(`function onLine({ id }) {
        say('not JSON'); say('null'); say('[]'); say({ id: 999, ok: true, value: 0 });
        say({ id: null, ok: false, error: { code: 'internal', message: 'whose?' } });
        say({ id, ok: 'yes', value: 0 });
        say({ id, ok: false, error: { code: 'made-up', message: 'x' } });
        say({ event: 'toString', payload: {} }); say({ event: 'unknown', payload: {} });
        say({ event: 'tokens.changed', payload: {} });
        say({ id, ok: true, value: id }); say({ id, ok: true, value: 'again' });
        say({ id, ok: false, error: { code: 'internal', message: 'and again' } });
      }`),
    );
    expect(await link.request(hello)).toEqual({ ok: true, value: 1 });
    expect(await link.request(hello)).toEqual({ ok: true, value: 2 });
    expect(messages).toEqual(
      [1, 2].map(() => ({ kind: 'event', event: 'tokens.changed', payload: {} })),
    );
  });
  test('that never answers, or too late, is answered for at the deadline', async () => {
    const { link } = linked(
      service(`function onLine({ id, input }) {
        setTimeout(() => say({ id, ok: true, value: 'late' }), input);
      }`),
      { deadlineMs: 300 },
    );
    expect(await words(link.request({ ...hello, input: 700 }))).toMatch(/has not answered/);
    // The late answer is not taken for the answer to the next call.
    expect(await link.request({ ...hello, input: 0 })).toEqual({ ok: true, value: 'late' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await link.request({ ...hello, input: 1 })).toEqual({ ok: true, value: 'late' });
  });
  test('that reports progress is heard under the page’s own number, of calls that wait and have one', async () => {
    const { link, messages } = linked(
      service(`function onLine({ id, ticket }) {
        for (const request of [id, 999]) {
          say({ event: 'progress', payload: { request, text: 'at work', elapsedMs: 5 } });
          say({ event: 'progress', payload: { request, text: 'at work' } });
        }
        say({ id, ok: true, value: ticket ?? 'no ticket' });
        say({ event: 'progress', payload: { request: id, text: 'too late', elapsedMs: 9 } });
      }`),
    );
    for (const ticket of [71, 7]) {
      // The number is between page and face: the service refuses a request with unknown members.
      expect(await link.request({ ...hello, ticket })).toEqual({ ok: true, value: 'no ticket' });
      expect(await link.request(hello)).toEqual({ ok: true, value: 'no ticket' });
    }
    expect(messages).toEqual(
      [71, 7].map((request) => ({
        kind: 'event',
        event: 'progress',
        payload: { request, text: 'at work', elapsedMs: 5 },
      })),
    );
  });
  test('whose answer comes in pieces, letters cut in two, is read whole', async () => {
    const { link } = linked(
      service(`async function onLine({ id }) {
        const bytes = Buffer.from(JSON.stringify({ id, ok: true, value: 'ä€𝄞' }) + '\\n');
        for (const byte of bytes) {
          process.stdout.write(Buffer.of(byte));
          await new Promise(setImmediate);
        }
      }`),
    );
    expect(await link.request(hello)).toEqual({ ok: true, value: 'ä€𝄞' });
  });
  test('whose line has no end is ended, its calls are answered', async () => {
    const { link, messages } = linked(
      service(`function onLine({ id }) {
        if (id === 1) setInterval(() => process.stdout.write('x'.repeat(65536)), 1);
        else say({ id, ok: true, value: 'new' });
      }`),
      { longestLine: 1024 * 1024, quickMs: 0 },
    );
    expect(await words(link.request(hello))).toMatch(
      /ended before it answered.*look there before you repeat/,
    );
    await vi.waitFor(
      () => {
        expect(messages.at(-1)).toEqual({ kind: 'service-up' });
      },
      { timeout: 20_000 },
    );
    expect(await link.request(hello)).toEqual({ ok: true, value: 'new' });
  });
  test('that ends right away is started five times, then no more, and says why; a reload tries again', async () => {
    let starts = 0;
    const broken = service('process.exit(3); function onLine() {}');
    const working = service('function onLine({ id }) { say({ id, ok: true, value: {} }); }');
    const { link, messages } = linked(() => (++starts <= 5 ? broken() : working()), {
      backOffMs: [0, 5, 10],
    });
    await vi.waitFor(
      () => {
        expect(messages.length).toBe(5);
      },
      { timeout: 20_000 },
    );
    expect(messages.map(({ kind }) => kind)).toEqual(Array(5).fill('service-down'));
    expect(JSON.stringify(messages.at(-1))).toMatch(/five|5 times.*code 3.*Reload/);
    expect(await words(link.request(hello))).toMatch(/5 times/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(starts).toBe(5);
    link.start();
    expect(await link.request(hello)).toEqual({ ok: true, value: {} });
    await vi.waitFor(
      () => {
        expect(messages.at(-1)).toEqual({ kind: 'service-up' });
      },
      { timeout: 20_000 },
    );
  });
  test('waits longer before each start in a row', async () => {
    const at: number[] = [];
    const broken = service('process.exit(1); function onLine() {}');
    linked(
      () => {
        at.push(performance.now());
        return broken();
      },
      { backOffMs: [0, 300, 600, 900] },
    );
    await vi.waitFor(
      () => {
        expect(at.length).toBe(5);
      },
      { timeout: 10_000 },
    );
    const pauses = at.slice(1).map((time, i) => time - at[i]!);
    [0, 300, 600, 900].forEach((least, i) => {
      expect(pauses[i]).toBeGreaterThanOrEqual(least - 5);
    });
  });
  test('that isn’t there is said so, and nothing waits', async () => {
    const missing = linked(() => undefined);
    expect(missing.messages.map(({ kind }) => kind)).toEqual(['service-down']);
    expect(await words(missing.link.request(hello))).toMatch(/not where it should be/);
    const wrong = linked(() => ({ program: join(home, 'nothing'), args: [], env: {} }), {
      backOffMs: [0],
    });
    await vi.waitFor(
      () => {
        expect(wrong.messages.length).toBe(5);
      },
      { timeout: 20_000 },
    );
    expect(await words(wrong.link.request(hello))).toMatch(/could not be started/);
  });
  test('that is asked too much at once answers for the rest at once', async () => {
    const { link } = linked(service('function onLine() {}'), { deadlineMs: 50 });
    const answers = await Promise.all(Array.from({ length: 600 }, () => link.request(hello)));
    const refusals = answers.filter(
      (answer) => !answer.ok && answer.error.message.includes('Too many'),
    );
    expect(refusals.length).toBe(600 - 512);
  });
  test('that won’t end is ended', async () => {
    const { link } = linked(service('setInterval(() => 0, 1000); function onLine() {}'));
    const stubborn = service(`process.stdin.on('end', () => 0); function onLine({ id }) {}
      require('node:readline').createInterface = 0; process.exit = () => 0; setInterval(() => 0, 1000);`);
    const other = linked(stubborn);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const since = performance.now();
    await Promise.all([link.stop(200), other.link.stop(200)]);
    expect(performance.now() - since).toBeLessThan(5000);
  });
});

describe('the program', () => {
  test('of a packaged window is beside it, and never looked for elsewhere', () => {
    expect(findProgram({ packaged: join(root, 'electron') })).toBeUndefined();
    expect(findProgram({ checkout: home })).toBeUndefined();
  });
  test('has its data where it is told', () => {
    expect(dataFolder(['--no-sandbox', '--data', '/a'])).toEqual({
      folder: '/a',
      isDefault: false,
    });
    expect(dataFolder(['--data=/b', 'x']).folder).toBe('/b');
  });
});

test('answers given beforehand count only for developers, never in a packaged desk', async () => {
  const files = JSON.stringify([
    { purpose: 'trust', path: '/a' },
    { purpose: 'trust', path: '/b' },
  ]);
  const given = { KEYMOOT_FACE_FILES: files };
  expect(answersFromEnvironment(given, false)).toBeUndefined();
  expect(answersFromEnvironment({ ...given, KEYMOOT_DEVELOPER: '1' }, true)).toBeUndefined();
  const dialog = answersFromEnvironment({ ...given, KEYMOOT_DEVELOPER: '1' }, false);
  const ask = (purpose: 'trust' | 'bundle') =>
    dialog?.({ purpose, kind: 'write', title: '', suggested: undefined });
  expect([await ask('bundle'), await ask('trust'), await ask('trust'), await ask('trust')]).toEqual(
    [undefined, '/a', '/b', undefined],
  );
});

describe('the real service', () => {
  beforeAll(async () => {
    await ensureBuild();
  });
  const real = (folder: string) => () => {
    const program = findProgram({ checkout: root });
    if (program === undefined) throw new Error('the program has not been built');
    return serveCommand(program, folder);
  };
  const epoch = async (link: ServiceLink): Promise<number> => {
    const answer = await link.request(hello);
    if (!answer.ok) throw new Error(answer.error.message);
    return (answer.value as { epoch: number }).epoch;
  };

  test('killed in mid-call: the call is answered, it is started again, and it is another one', async () => {
    const { link, messages } = linked(real(join(home, 'killed')));
    const before = await epoch(link);
    for (let round = 1; round <= 3; round++) {
      messages.length = 0;
      const waiting = Array.from({ length: 20 }, () => link.request(hello));
      process.kill(link.pid!, 'SIGKILL');
      for (const answer of await Promise.all(waiting))
        if (!answer.ok) expect(answer.error.message).toMatch(/ended before it answered/);
      await vi.waitFor(
        () => {
          expect(messages.map(({ kind }) => kind)).toEqual(['service-down', 'service-up']);
        },
        { timeout: 15_000 },
      );
      expect(JSON.stringify(messages[0])).toMatch(/SIGKILL.*acknowledged is safe/);
      expect(await epoch(link)).toBe(before + round);
    }
  });
  test('leaves no core dump, and nothing of ours in its environment', async () => {
    const { readFileSync } = await import('node:fs');
    process.env['KEYMOOT_FACE_FILES'] = '[]';
    const { link } = linked(real(join(home, 'limits')));
    delete process.env['KEYMOOT_FACE_FILES'];
    await epoch(link);
    if (process.platform !== 'linux') return;
    expect(readFileSync(`/proc/${link.pid}/limits`, 'utf8')).toMatch(/core file size +0 +0/);
    const names = readFileSync(`/proc/${link.pid}/environ`, 'utf8')
      .split('\0')
      .map((line) => line.split('=')[0]);
    expect(names).not.toContain('KEYMOOT_FACE_FILES');
    expect(names.filter((name) => /^(NODE_|LD_|npm_)/.test(name ?? ''))).toEqual([]);
  });
  test('gives a grant for a path that no page has seen, and refuses in its own words', async () => {
    const { link } = linked(real(join(home, 'files')));
    const place = join(home, 'new-trust.json');
    const granted = await askFile(link, () => Promise.resolve(place), 'trust');
    expect(granted).toMatchObject({ name: 'new-trust.json' });
    expect(JSON.stringify(granted)).not.toContain(home);
    expect(await askFile(link, () => Promise.resolve(undefined), 'trust')).toBeUndefined();
    const page = new PageDesk(link, () => Promise.resolve('/'));
    await expect(page.askFile('__proto__', undefined)).rejects.toThrow(/no such kind/);
    expect(
      await page.request({ channel: 'files.grant', input: { purpose: 'trust', path: place } }),
    ).toMatchObject({ ok: false, error: { code: 'channel-unknown' } });
  });
  test('asks for one file at a time', async () => {
    const { link } = linked(real(join(home, 'files')));
    let answer: (path: string | undefined) => void = () => undefined;
    const page = new PageDesk(
      link,
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const first = page.askFile('trust', 'a');
    expect(await page.askFile('trust', 'b')).toBeUndefined();
    answer(undefined);
    expect(await first).toBeUndefined();
  });
  test('on a desk that another has open says so to every call', async () => {
    const folder = join(home, 'busy');
    const { link } = linked(real(folder));
    await epoch(link);
    const second = linked(real(folder));
    expect(await second.link.request(hello)).toMatchObject({
      ok: false,
      error: { code: 'desk-busy' },
    });
  });
});

test('a new page waits until those who were present at the one before have left', async () => {
  const person = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
  const { link } = linked(
    service(`const said = []; let here = ['${person}'];
      function onLine({ id, channel, input }) {
        said.push(channel);
        if (channel === 'presence.leave') here = here.filter((one) => one !== input.person);
        const log = { size: 0, root: '', sealed: 0, unsealed: 0, signer: 'NO SIGNER', why: '' };
        const status = { state: 'READY', log, unfinished: [], here, warnings: [] };
        const value = channel === 'desk.status' ? status : channel === 'presence.leave' ? here : said;
        setTimeout(() => say({ id, ok: true, value }), 30);
      }`),
  );
  const desk = new PageDesk(link, () => Promise.resolve(undefined));
  desk.pageBegins();
  expect(await desk.request(hello)).toEqual({ ok: true, value: ['desk.hello'] });
  desk.pageBegins();
  expect(await desk.request(hello)).toEqual({
    ok: true,
    value: ['desk.hello', 'desk.status', 'presence.leave', 'desk.hello'],
  });
});
