/** Ending what a former service left running: only processes that are certainly its own, and with an error when one can't be ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { endFormer, startedAt } from '../../custody/service/epochs.ts';

const platform = (name: string) =>
  vi.spyOn(process, 'platform', 'get').mockReturnValue(name as NodeJS.Platform);

describe('a process of a former service', () => {
  let child: ChildProcess;
  const pid = () => child.pid ?? 0;
  const row = () => ({
    pid: pid(),
    started: startedAt(pid()) ?? '',
    epoch: 1,
    module: 'm',
    purpose: 'act',
  });
  const runs = () => child.exitCode === null && child.signalCode === null;
  beforeEach(async () => {
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await new Promise((resolve) => child.once('spawn', resolve));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    child.kill('SIGKILL');
  });

  test('is ended', async () => {
    await endFormer([row()], 0);
    await vi.waitFor(() => {
      expect(runs()).toBe(false);
    });
  });
  test('that the system can’t end is named, and its wait is told', async () => {
    const told = row();
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    await expect(endFormer([told], 0, 200)).rejects.toMatchObject({
      code: 'module-hung',
      message: expect.stringContaining(String(pid())) as string,
      fields: { pid: String(pid()) },
    });
    expect(kill).toHaveBeenCalledWith(pid(), 'SIGKILL');
  });
  test('whose number somebody else has by now is left alone', async () => {
    await endFormer([{ ...row(), started: 'another time' }], 0);
    expect(runs()).toBe(true);
  });
  test('is never ended on Windows, where nothing tells it from a stranger', async () => {
    const system = platform('win32');
    const told = row();
    const kill = vi.spyOn(process, 'kill');
    await expect(endFormer([told], 0, 200)).rejects.toMatchObject({ code: 'module-hung' });
    for (const [, name] of kill.mock.calls) expect(name).toBe(0);
    system.mockRestore();
    expect(runs()).toBe(true);
  });
});
