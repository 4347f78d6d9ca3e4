/** Bundles that came from outside are judged while the desk goes on, and only while the caller waits. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Judge } from '../../custody/judge/client.ts';
import { startedAt } from '../../custody/service/epochs.ts';
import { ADA, TestDesk, possible, refusal, refusedAs } from '../support/desk.ts';

const MOST_STATUS_MS = 1_000;

describe.skipIf(!possible || process.platform === 'win32')(
  'a bundle that came from outside',
  () => {
    let desk: TestDesk;
    let hostile: string;
    beforeAll(async () => {
      desk = await TestDesk.found();
      hostile = await exported('hostile');
      mkdirSync(join(hostile, 'evidence'), { recursive: true });
      // Sparse: no disk is filled, and still every byte is read and hashed.
      for (let at = 0; at < 64; at++) {
        const file = openSync(join(hostile, 'evidence', hash('sha256', String(at))), 'w');
        ftruncateSync(file, 2 ** 30);
        closeSync(file);
      }
    });
    afterAll(() => desk.remove());

    const exported = async (name: string): Promise<string> => {
      const place = join(desk.home, name);
      await desk.call('log.export', { grant: await desk.room.desk.grant('bundle', place) }, ADA);
      return place;
    };
    const verify = async (folder: string) =>
      desk.room.desk.call('log.verify', {
        bundle: await desk.room.desk.grant('verify-bundle', folder),
      });
    const judges = (): string[] => {
      const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
      return all
        .split('\n')
        .filter((line) => line.trim().split(/\s+/)[1] === String(desk.room.desk.pid))
        .filter((line) => line.includes('judge'));
    };

    test('of tens of gigabytes holds nobody up, and is given up for the next', async () => {
      const huge = refusal(verify(hostile));
      await expect.poll(judges).toHaveLength(1);
      let slowest = 0;
      for (let at = 0; at < 20; at++) {
        const began = performance.now();
        await desk.room.desk.call('desk.status', {});
        slowest = Math.max(slowest, performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(slowest).toBeLessThan(MOST_STATUS_MS);
      expect(judges()).toHaveLength(1);

      const place = join(desk.home, 'bundle');
      await desk.call('log.export', { grant: await desk.room.desk.grant('bundle', place) }, ADA);
      const verdict = await verify(place);
      expect(verdict).toMatchObject({
        verdict: 'unproven',
        parts: { integrity: { result: 'pass' } },
      });
      expect((await huge).code).toBe('cancelled');
      await expect.poll(judges).toEqual([]);
    });

    test('is not judged without end, nor by a trust file that is none', async () => {
      const judge = new Judge(1_000);
      const question = { bundle: hostile, trust: undefined, anchors: [] };
      await refusedAs('file-too-large', judge.ask(question));
      await refusedAs('input-invalid', judge.ask({ ...question, trust: '{}' }));
      await refusedAs('input-invalid', judge.ask({ ...question, anchors: ['no checkpoint'] }));
    });

    test('is given up when whoever asked goes away', async () => {
      const asked = verify(hostile).catch(() => undefined);
      await expect.poll(judges).toHaveLength(1);
      const [line = ''] = judges();
      const began = performance.now();
      await desk.room.desk.stop();
      await asked;
      expect(performance.now() - began).toBeLessThan(5_000);
      const pid = Number(line.trim().split(/\s+/)[0]);
      await expect.poll(() => startedAt(pid)).toBeUndefined();
      await desk.room.reopen();
    });
  },
);
