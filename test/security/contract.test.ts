/**
 * Hostile messages. The attack: a page or another program writes arbitrary data to the service. The impact wanted: a crash, a call under another name, or a
 * service that no longer answers. Each is refused with a message and a code, and the next message is served.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FACE_ONLY } from '../../shared/contract/names.ts';
import { isReply, MAX_MESSAGE_BYTES, type Reply } from '../../shared/contract/wire.ts';
import { contract } from '../../shared/contract/index.ts';
import { ERROR_CODES } from '../../shared/errors.ts';
import { spawnSelf } from '../../custody/spawn.ts';

class Wire {
  readonly child: ChildProcess;
  readonly replies: Reply[] = [];
  errors = '';
  readonly exit: Promise<number | null>;
  #wake: () => void = () => undefined;
  constructor(folder: string) {
    this.child = spawnSelf(['serve', '--data', folder], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { HOME: folder },
    });
    let rest = '';
    this.child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      const parts = (rest + piece).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const reply: unknown = JSON.parse(part);
        if (isReply(reply)) this.replies.push(reply);
      }
      this.#wake();
    });
    this.child.stderr?.setEncoding('utf8').on('data', (piece: string) => (this.errors += piece));
    this.child.stdin?.on('error', () => undefined);
    this.exit = new Promise((resolve) => this.child.once('exit', resolve));
  }
  send(line: string | Buffer): void {
    this.child.stdin?.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
  }
  async until(count: number): Promise<Reply[]> {
    while (this.replies.length < count && this.child.exitCode === null)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        void this.exit.then(() => resolve());
      });
    return this.replies.splice(0, count);
  }
  async ask(line: string | Buffer): Promise<Reply | undefined> {
    this.send(line);
    return (await this.until(1))[0];
  }
  async end(): Promise<void> {
    this.child.stdin?.end();
    await this.exit;
  }
}

describe('messages that are not ours', () => {
  let folder: string;
  let wire: Wire;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keymoot-wire-'));
    wire = new Wire(folder);
  });
  afterEach(async () => {
    await wire.end();
    expect(wire.errors).toBe('');
    rmSync(folder, { recursive: true, force: true });
  });
  const call = (channel: string, input: unknown = {}, more: Record<string, unknown> = {}) =>
    JSON.stringify({ id: 7, channel, input, ...more });
  const hello = '{"id":1,"channel":"desk.hello","input":{}}';
  const served = async () => {
    expect(await wire.ask(hello)).toMatchObject({ id: 1, ok: true, value: { state: 'EMPTY' } });
    expect(await wire.ask('{"id":2,"channel":"log.state","input":{}}')).toMatchObject({
      ok: true,
      value: { size: 0 },
    });
  };
  const nest = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  const refused: [string, string, number | null, (string | Buffer)[]][] = [
    [
      'is no JSON',
      'message-malformed',
      null,
      [
        'hello',
        '{',
        '{"id":1,}',
        'undefined',
        "{'id':1}",
        '\u0000',
        '{"id":1}\u0000',
        '0x10',
        ' ',
        '﻿{}',
      ],
    ],
    [
      'is no object',
      'message-malformed',
      null,
      ['1', '"desk.hello"', '[]', 'null', 'true', '[{"id":1}]'],
    ],
    [
      'is not UTF-8',
      'message-malformed',
      null,
      [Buffer.from('7b22ff223a317d', 'hex'), Buffer.from([0xc0, 0x80])],
    ],
    [
      'has an id that is no count',
      'message-malformed',
      null,
      ['-1', '1.5', '"1"', 'null', '1e300', '9007199254740993', '[]'].map(
        (id) => `{"id":${id},"channel":"desk.hello","input":{}}`,
      ),
    ],
    ['has no id', 'message-malformed', null, ['{"channel":"desk.hello","input":{}}', '{}']],
    [
      'has no channel and input, or not a name',
      'message-malformed',
      7,
      [
        '{"id":7}',
        '{"id":7,"channel":"desk.hello"}',
        '{"id":7,"channel":1,"input":{}}',
        '{"id":7,"channel":null,"input":{}}',
        call('x'.repeat(65)),
      ],
    ],
    [
      'has members too many',
      'message-malformed',
      7,
      [
        call('desk.hello', {}, { admin: true }),
        '{"id":7,"channel":"desk.hello","input":{},"__proto__":{"proofs":[]}}',
        '{"id":7,"channel":"desk.hello","input":{},"constructor":1}',
      ],
    ],
    [
      'has proofs that are none',
      'message-malformed',
      7,
      [
        {},
        'x',
        [1],
        [{ person: 'x', secret: 'y' }],
        Array.from({ length: 17 }, () => ({
          person: '0198c0de-0000-7000-8000-000000000001',
          secret: '0198c0de-0000-7000-8000-000000000001',
        })),
      ].map((proofs) => call('desk.hello', {}, { proofs })),
    ],
    [
      'names a call that does not exist',
      'channel-unknown',
      7,
      [
        '',
        'desk',
        'desk.',
        '.hello',
        'desk.hello ',
        'DESK.HELLO',
        'desk.hello\n',
        'constructor',
        'toString',
        '__proto__',
        'hasOwnProperty',
        'valueOf',
        '../desk.hello',
        'desk.hello.run',
      ].map((name) => call(name)),
    ],
    [
      'has an input of another form',
      'input-invalid',
      7,
      [
        call('desk.hello', []),
        call('desk.hello', 'x'),
        call('desk.hello', null),
        call('desk.hello', 1),
        call('desk.hello', { extra: 1 }),
        '{"id":7,"channel":"desk.hello","input":{"__proto__":{"x":1}}}',
        '{"id":7,"channel":"desk.hello","input":{"constructor":{}}}',
      ],
    ],
    [
      'has values of another form',
      'input-invalid',
      7,
      [
        call('log.entries', { from: -1, limit: 1 }),
        call('log.entries', { from: 0, limit: 501 }),
        call('log.entries', { from: 0.5, limit: 1 }),
        call('log.entries', { from: '0', limit: 1 }),
        call('log.proof', { seq: 1e21 }),
        call('keys.show', { key: '../../etc/passwd' }),
        call('keys.show', { key: { toString: 1 } }),
        call('ceremonies.show', { ceremony: 'AB'.repeat(16) }),
        call('files.grant', { purpose: '__proto__', path: '/x' }),
        call('files.grant', { purpose: 'constructor', path: '/x' }),
      ],
    ],
  ];
  for (const [what, code, id, lines] of refused)
    test(`refuses a message that ${what}`, async () => {
      for (const line of lines) {
        const reply = await wire.ask(line);
        expect(reply, String(line)).toMatchObject({ id, ok: false, error: { code } });
        if (reply?.ok === false) expect(reply.error.message.split(' ').length).toBeGreaterThan(3);
      }
      await served();
    });

  test('refuses what is nested deeper than anything of ours, at any length', async () => {
    for (const depth of [100, 10_000, 400_000]) {
      const reply = await wire.ask(`{"id":7,"channel":"keys.show","input":${nest(depth)}}`);
      expect(reply).toMatchObject({ ok: false, error: { code: 'message-malformed' } });
    }
    const objects = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(await wire.ask(`{"id":7,"channel":"desk.hello","input":${objects}}`)).toMatchObject({
      ok: false,
      error: { code: 'message-malformed' },
    });
    await served();
  });
  test('passes no value of a bad message on to anything it says', async () => {
    const reply = await wire.ask(call('keys.show', { key: 'canary-4711', canary: 'canary-4712' }));
    expect(JSON.stringify(reply)).not.toContain('4711');
    expect(
      await wire.ask(call('keys.destroy', { key: 'x', typed: '\ud800', login: {} })),
    ).toMatchObject({ ok: false });
  });
  test('answers a message of exactly the largest size', async () => {
    const line = call('desk.hello', { x: '' });
    const reply = await wire.ask(
      call('desk.hello', { x: 'x'.repeat(MAX_MESSAGE_BYTES - line.length) }),
    );
    expect(reply).toMatchObject({ id: 7, ok: false, error: { code: 'input-invalid' } });
    await served();
  });
  test('closes the connection at a line larger than any of ours, with a word, and nothing is lost', async () => {
    wire.send(hello);
    expect(await wire.until(1)).toMatchObject([{ ok: true }]);
    wire.send('x'.repeat(2 * 1024 * 1024));
    expect(await wire.until(1)).toMatchObject([
      { id: null, ok: false, error: { code: 'message-too-large' } },
    ]);
    expect(await wire.exit).toBe(0);
    wire = new Wire(folder);
    await served();
  });
  test('does not wait for the end of an endless line', async () => {
    for (let i = 0; i < 40; i++) wire.child.stdin?.write('x'.repeat(64 * 1024));
    expect(await wire.until(1)).toMatchObject([
      { id: null, ok: false, error: { code: 'message-too-large' } },
    ]);
    expect(await wire.exit).toBe(0);
  });
  test('answers ten thousand messages at once, each once', async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, id) => `{"id":${id},"channel":"${id % 2 === 0 ? 'desk.hello' : 'no.such'}","input":{}}\n`,
    );
    wire.child.stdin?.write(lines.join(''));
    const replies = await wire.until(10_000);
    expect(new Set(replies.map(({ id }) => id)).size).toBe(10_000);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(5_000);
  });
  test('takes a message in single bytes, empty lines, and no last line break', async () => {
    for (const byte of Buffer.from(`\n\n${hello}\n`)) wire.child.stdin?.write(Buffer.of(byte));
    expect(await wire.until(1)).toMatchObject([{ id: 1, ok: true }]);
    wire.child.stdin?.write(hello);
    await wire.end();
    expect(wire.replies).toEqual([]);
  });
  test('finishes what was asked before its input ended', async () => {
    wire.child.stdin?.write(`${hello}\n`.repeat(50));
    wire.child.stdin?.end();
    expect(await wire.until(50)).toHaveLength(50);
    expect(await wire.exit).toBe(0);
  });
  test('holds no more secrets than a ceremony needs', async () => {
    const { publicKey } = ((await wire.ask(hello)) as { value: { publicKey: string } }).value;
    const { seal } = await import('../../shared/sealing.ts');
    const binding = { purpose: 'pin-half', channel: 'desk.found' } as const;
    for (let i = 0; i < 70; i++)
      wire.send(
        call('secrets.put', { binding, box: seal(publicKey, Buffer.from('secret'), binding) }),
      );
    const replies = await wire.until(70);
    expect(replies.filter(({ ok }) => ok)).toHaveLength(64);
    expect(replies.at(-1)).toMatchObject({ ok: false, error: { code: 'secret-unreadable' } });
  });
  test('opens no secret that was sealed to another key, or under another binding, or changed', async () => {
    const { publicKey } = ((await wire.ask(hello)) as { value: { publicKey: string } }).value;
    const { seal } = await import('../../shared/sealing.ts');
    const { makeOpener } = await import('../../custody/service/opener.ts');
    const binding = { purpose: 'pin-half', channel: 'desk.found' } as const;
    const fresh = () => seal(publicKey, Buffer.from('secret'), binding);
    const other = seal(makeOpener().publicKey, Buffer.from('secret'), binding);
    const changed = fresh();
    const bytes = Buffer.from(changed.sealed, 'base64');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    const boxes = [
      { binding, box: other },
      { binding: { ...binding, channel: 'desk.open' }, box: fresh() },
      { binding: { ...binding, purpose: 'component' }, box: fresh() },
      { binding, box: { ...changed, sealed: bytes.toString('base64') } },
      { binding, box: { ...fresh(), sender: 'AAAA' } },
      { binding, box: { ...fresh(), sender: Buffer.alloc(32).toString('base64') } },
      { binding, box: { ...fresh(), nonce: '' } },
      { binding, box: { ...fresh(), sealed: '' } },
    ];
    for (const input of boxes)
      expect(await wire.ask(call('secrets.put', input)), JSON.stringify(input)).toMatchObject({
        ok: false,
        error: { code: 'secret-unreadable' },
      });
  });
});

describe('the contract', () => {
  test('names its calls area.verb', () => {
    for (const name of Object.keys(contract)) expect(name).toMatch(/^[a-z]+\.[a-zA-Z]+$/);
  });
  test('takes no proof for nothing that changes a right or a key', () => {
    const open = Object.entries(contract).filter(
      ([, { act }]) => act === 'none' || act === 'presence',
    );
    expect(open.map(([name]) => name).sort()).toEqual([
      'ceremonies.definitions',
      'ceremonies.draft',
      'ceremonies.list',
      'ceremonies.show',
      'ceremonies.templates',
      'desk.found',
      'desk.hello',
      'desk.lock',
      'desk.status',
      'exports.list',
      'exports.show',
      'files.grant',
      'keys.life',
      'keys.list',
      'keys.page',
      'keys.show',
      'log.entries',
      'log.proof',
      'log.saveTrust',
      'log.seal',
      'log.state',
      'log.trust',
      'log.verify',
      'modules.find',
      'modules.list',
      'people.list',
      'policy.get',
      'presence.leave',
      'recovery.list',
      'secrets.put',
      'tokens.can',
      'tokens.list',
      'tokens.objects',
      'tokens.watch',
    ]);
  });
  test('takes no words with an approval: they are read back in the ceremony itself, and were never compared here', () => {
    const given = { definitionSha256: 'ab'.repeat(32), words: ['aardvark'] };
    expect(contract['ceremonies.approve'].input.safeParse(given).success).toBe(false);
  });
  test('lets a page choose no paths', () => {
    expect(FACE_ONLY).toEqual(['files.grant']);
  });
  test('has words for each of its codes', () => {
    for (const words of Object.values(ERROR_CODES)) expect(words).toMatch(/^[A-Z].*\.$/);
  });
});
