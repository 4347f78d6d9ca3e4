import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TokenIdentity } from '../../shared/domain/tokens.ts';
import { TokenClient } from '../../custody/tokens/client.ts';
import {
  SO_PIN,
  type ThrowAway,
  USER_PIN,
  softhsmFolder,
  softhsmToken,
} from '../support/softhsm.ts';
import { nssFolder } from '../support/nss.ts';
import { withToken } from '../support/with-token.ts';
import { generate, planFor } from './asking.ts';

let away: ThrowAway;
let token: TokenIdentity;
beforeAll(async () => {
  away = await softhsmFolder();
  token = await softhsmToken(away.options, 'Client');
});
afterAll(() => {
  away.remove();
});

/** A token of its own for those whose end is violent: SoftHSM rewrites a token's file as someone logs in, and one that is killed right then has lost its token. */
const doomed = async (
  act: (client: TokenClient, token: TokenIdentity) => Promise<void>,
): Promise<void> => {
  const own = await softhsmFolder();
  try {
    const lost = await softhsmToken(own.options, 'Doomed');
    await act(await TokenClient.start(own.options), lost);
  } finally {
    own.remove();
  }
};

const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

test('the pid is known before the library is loaded', async () => {
  const pids: number[] = [];
  const options = {
    ...away.options,
    onSpawn: async (pid: number) => {
      await wait(20);
      pids.push(pid);
    },
  };
  await withToken(options, async (client) => {
    expect(pids).toEqual([client.pid]);
    expect(client.info).toMatchObject({ manufacturer: 'SoftHSM', cryptoki: '2.40' });
    await client.call('tokens', {});
  });
  expect(gone(pids[0] ?? 0)).toBe(true);
});

test('nothing is started for good when noting the pid fails', async () => {
  let pid = 0;
  const options = {
    ...away.options,
    onSpawn: (started: number) => {
      pid = started;
      throw new Error('the disk is full');
    },
  };
  await expect(TokenClient.start(options)).rejects.toThrow('the disk is full');
  expect(gone(pid)).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'the process has an empty environment, no core dumps, and its own name',
  async () => {
    process.env['NODE_OPTIONS'] ??= '';
    process.env['KEYMOOT_TEST_LEAK'] = 'leaked';
    await withToken(away.options, async ({ pid }) => {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const names = environment.map((line) => line.split('=')[0]).filter((name) => name !== '');
      // A shell sets PWD and the like for itself.
      const given = names.filter((name) => !/^(?:PWD|OLDPWD|SHLVL|_)$/u.test(name ?? ''));
      expect(given.sort()).toEqual([
        'NODE_CHANNEL_FD',
        'NODE_CHANNEL_SERIALIZATION_MODE',
        'SOFTHSM2_CONF',
      ]);
      const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
      expect(limits).toMatch(/Max core file size\s+0\s+0\s/u);
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('keymoot token');
      await Promise.resolve();
    });
    delete process.env['KEYMOOT_TEST_LEAK'];
  },
);

test('a process that is killed in the middle of a call is reported with its signal', async () => {
  await doomed(async (client, lost) => {
    const call = generate(client, lost, planFor('softhsm', 'RSA-4096', 'sign'));
    setTimeout(() => process.kill(client.pid, 'SIGKILL'), 20);
    await expect(call).rejects.toMatchObject({
      code: 'module-crashed',
      message: expect.stringContaining('during "generate" (SIGKILL)') as string,
    });
    expect(client.alive).toBe(false);
    await expect(client.call('tokens', {})).rejects.toMatchObject({ code: 'module-crashed' });
    await client.close();
  });
});

test('past its deadline a call is ended, and the answer says that the outcome is unknown', async () => {
  await doomed(async (client, lost) => {
    const asked = { ...planFor('softhsm', 'RSA-4096', 'sign'), deadlineMs: 1 };
    await expect(generate(client, lost, asked)).rejects.toMatchObject({
      code: 'module-hung',
      message: expect.stringMatching(/"generate" for 0 s .*not known/u) as string,
    });
    await client.exited;
    expect(gone(client.pid)).toBe(true);
  });
});

test('a process whose parent lets go finishes the call that runs, and ends', async () => {
  const client = await TokenClient.start(away.options);
  const asked = planFor('softhsm', 'RSA-2048', 'sign');
  const made = await generate(client, token, asked);
  await client.close();
  expect(gone(client.pid)).toBe(true);
  await withToken(away.options, async (fresh) => {
    const { byId } = await fresh.call('find', {
      token,
      pin: USER_PIN(),
      lastTry: false,
      targets: asked.targets,
    });
    expect(byId.objects).toEqual(made.objects);
  });
});

test('calls made at once are answered in their order', async () => {
  await withToken(away.options, async (client) => {
    const sizes = [3, 1, 4, 1, 5, 9, 2, 6];
    const answers = await Promise.all(
      sizes.map((bytes) => client.call('random', { token, bytes })),
    );
    expect(answers.map(({ length }) => length)).toEqual(sizes);
  });
});

test('a request that does not have its form is refused by the process, which goes on', async () => {
  await withToken(away.options, async (client) => {
    await expect(client.call('random', { token, bytes: 5000 })).rejects.toMatchObject({
      code: 'message-malformed',
    });
    const unknown = client.call('constructor' as 'tokens', {}, { deadlineMs: 5000 });
    await expect(unknown).rejects.toMatchObject({ code: 'message-malformed' });
    expect(await client.call('tokens', {})).toHaveLength(2);
  });
});

test('what a process says of a failure is made fit to read, its names of fields too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-words-'));
  const error = {
    code: 'module-failed',
    message: 'Done.\u001b[2J\u202e ymene\n',
    fields: { device: 'CKR\u2066_OK\u3164', 'a\u0007b': 'c\rd' },
  };
  try {
    process.env['KEYMOOT_MAIN'] = join(folder, 'hostile.mjs');
    writeFileSync(
      process.env['KEYMOOT_MAIN'],
      `process.on('message', ({ seq }) => process.send({ seq, ok: false, error: ${JSON.stringify(error)} }));`,
    );
    await expect(TokenClient.start(away.options)).rejects.toMatchObject({
      code: 'module-failed',
      message: 'Done.\ufffd[2J\ufffd ymene\ufffd',
      fields: { device: 'CKR\ufffd_OK\ufffd', 'a\ufffdb': 'c\ufffdd' },
    });
  } finally {
    delete process.env['KEYMOOT_MAIN'];
    rmSync(folder, { recursive: true });
  }
});

test('a library that changed since it was approved is not loaded', async () => {
  const options = { ...away.options, sha256: '0'.repeat(64) };
  await expect(TokenClient.start(options)).rejects.toMatchObject({ code: 'module-quarantined' });
});

test('a library that can not be initialised is reported with its own words', async () => {
  const nss = await nssFolder('No parameters');
  try {
    const { libraryParameters, ...options } = nss.options;
    expect(libraryParameters).toBeDefined();
    await expect(TokenClient.start(options)).rejects.toMatchObject({
      code: 'module-failed',
      fields: { device: expect.stringMatching(/^CKR_\w+ from C_Initialize$/u) as string },
    });
  } finally {
    nss.remove();
  }
});

test('a label too long for a token is refused before anything is initialised', async () => {
  await withToken(away.options, async (client) => {
    const label = 'a label of more than 32 bytes is too long';
    await expect(
      client.call('initToken', { label, soPin: SO_PIN(), userPin: USER_PIN() }),
    ).rejects.toMatchObject({ code: 'input-invalid' });
  });
});

/** SoftHSM keeps one file an object: the token's one key, many times. */
const multiply = (folder: string, count: number): void => {
  const [token = ''] = readdirSync(folder);
  const object = readdirSync(join(folder, token)).find(
    (name) => name.endsWith('.object') && name !== 'token.object',
  );
  for (let i = 1; i < count; i += 1)
    copyFileSync(join(folder, token, object ?? ''), join(folder, token, `${randomUUID()}.object`));
};

test('a thousand objects are listed with all their attributes in one request', async () => {
  const folder = await softhsmFolder();
  try {
    const many = await softhsmToken(folder.options, 'Many');
    await withToken(folder.options, (client) =>
      generate(client, many, planFor('softhsm', 'AES-256', 'mac')),
    );
    multiply(join(folder.folder, 'tokens'), 1000);
    await withToken(folder.options, async (client) => {
      const started = performance.now();
      const objects = await client.call('list', { token: many, pin: USER_PIN(), lastTry: false });
      const ms = performance.now() - started;
      expect(objects).toHaveLength(1000);
      expect(objects.every(({ attributes }) => Object.keys(attributes).length >= 20)).toBe(true);
      expect(ms).toBeLessThan(3000);
    });
  } finally {
    folder.remove();
  }
  expect(existsSync(folder.folder)).toBe(false);
});
