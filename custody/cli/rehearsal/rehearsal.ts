/**
 * The whole workflow, unattended, on throw-away tokens: found a desk, generate, form keys from components, export, audit, verify twice.
 *
 * It uses the service like any face. Newcomers run it first; reviewers compare its transcript.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AwsAlgorithm } from '../../../shared/contract/exports.ts';
import { ALGORITHMS, type Algorithm, type Purpose } from '../../../shared/domain/keys.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { resourcePath } from '../../resources.ts';
import { parseTrust } from '../../core/audit/verify/trust.ts';
import { verifyBundle } from '../../core/audit/verify/verify.ts';
import { folderReader } from '../../judge/reader.ts';
import { openBlob, playAws } from './aws.ts';
import { draftDefinition, packEnvelopes, playCeremony } from './ceremony.ts';
import { Room } from './room.ts';
import { Transcript } from './transcript.ts';

export interface Report {
  keys: {
    id: string;
    label: string;
    algorithm: string;
    origin: string;
    token: string;
    check?: string;
    sha256?: string;
    ceremony?: string;
  }[];
  ceremonies: {
    id: string;
    title: string;
    status: string;
    verdict: string;
    definition_sha256: string;
    key: string;
  }[];
  exports: {
    id: string;
    key: string;
    algorithm: string;
    token: string;
    state: string;
    folder?: string;
    refused?: string;
    opened?: boolean;
  }[];
  bundle: string;
  trust: string;
  verdict: 'pass' | 'fail';
  verifiers: { keymoot: string; standalone: string };
  parts: { name: string; ms: number }[];
}

const PURPOSE: Readonly<Record<Algorithm, Purpose>> = {
  'AES-128': 'encrypt',
  'AES-192': 'wrap',
  'AES-256': 'mac',
  'RSA-2048': 'sign',
  'RSA-3072': 'decrypt',
  'RSA-4096': 'unwrap',
  'P-256': 'sign',
  'P-384': 'agree',
  'P-521': 'sign',
  Ed25519: 'sign',
};

/** Runs the stand-alone verifier as it ships, in its own worker thread, so that this process loads none of its code. */
const standAlone = (args: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(resourcePath('verifier', 'keymoot-verify.mjs'), {
      argv: [...args],
      stdout: true,
      stderr: true,
    });
    worker.stdout.resume();
    worker.stderr.resume();
    worker.once('error', reject);
    worker.once('exit', resolve);
  });

export const rehearse = async (out: string, say: (line: string) => void): Promise<Report> => {
  mkdirSync(out, { recursive: true, mode: 0o700 });
  mkdirSync(join(out, 'desk'), { mode: 0o700 }); // an existing rehearsal is never overwritten
  mkdirSync(join(out, 'packages'), { mode: 0o700 });
  const told = new Transcript(say);
  const report: Report = {
    keys: [],
    ceremonies: [],
    exports: [],
    bundle: join(out, 'bundle'),
    trust: join(out, 'trust.json'),
    verdict: 'fail',
    verifiers: { keymoot: 'not run', standalone: 'not run' },
    parts: [],
  };
  const part = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    told.heading(name);
    const started = performance.now();
    const value = await run();
    report.parts.push({ name, ms: Math.round(performance.now() - started) });
    return value;
  };

  told.line('REHEARSAL: throw-away tokens, invented people, nothing of this is for production.');
  const room = await Room.enter(join(out, 'desk'));
  try {
    await part('Found the desk', async () => {
      const founded = await room.found('rehearsal.keymoot.local');
      told.act('the desk', `log ${founded.origin}`, 'desk');
      told.act('token “log”', `log key ${founded.keySha256}`, 'device');
      told.act('', `words: ${founded.words.join(' ')}`);
      for (const { name, role } of room.players) told.act(name, `enrolled as ${role}`, 'person');
      told.act('Ada Moreno, Otto Lind', 'approve the policy', 'person');
    });

    await part('Make training tokens', async () => {
      for (const [family, label] of [
        ['softhsm', 'ceremony'],
        ['nss', 'export'],
      ] as const) {
        const { token } = await room.train(family, label, 'administrator', 'officer');
        told.act(
          `token “${label}”`,
          `${token.manufacturer}, ${token.model}, serial ${token.serial}`,
          'device',
        );
      }
    });

    const generate = async (
      algorithm: Algorithm,
      purpose: Purpose,
      label: string,
      tokenLabel: string,
      extractable = false,
    ) => {
      const { key, claims } = await room.call(
        'keys.generate',
        {
          at: room.token(tokenLabel),
          algorithm,
          purpose,
          label,
          extractable,
          login: await room.login(tokenLabel, 'keys.generate'),
        },
        'administrator',
        'officer',
      );
      const fingerprint =
        key.spkiSha256 ??
        (key.check === undefined ? 'no check value' : `${key.check.method} ${key.check.value}`);
      told.act(
        `${key.algorithm} “${label}”`,
        `origin ${key.origin}, ${key.control}, ${fingerprint}`,
        claims[0]?.says,
      );
      report.keys.push({
        id: key.id,
        label,
        algorithm,
        origin: key.origin,
        token: tokenLabel,
        ...(key.check === undefined ? {} : { check: `${key.check.method} ${key.check.value}` }),
        ...(key.spkiSha256 === undefined ? {} : { sha256: key.spkiSha256 }),
      });
      return key;
    };
    await part('Generate keys, two people each', async () => {
      const can = await room.desk.call('tokens.can', { at: room.token('ceremony') });
      for (const algorithm of ALGORITHMS) {
        const able = can.find((row) => row.algorithm === algorithm);
        if (able?.can !== true)
          told.act(algorithm, `not on this token: ${able?.why ?? 'unknown'}`, 'device');
        else
          await generate(algorithm, PURPOSE[algorithm], `r-${algorithm.toLowerCase()}`, 'ceremony');
      }
    });

    for (const [algorithm, bytes] of [
      ['AES-256', 32],
      ['AES-128', 16],
    ] as const)
      await part(`Form an ${algorithm} key from three components`, async () => {
        const envelopes = packEnvelopes(bytes);
        const label = `r-formed-${algorithm.toLowerCase()}`;
        const definition = await draftDefinition(
          room,
          room.token('ceremony'),
          algorithm,
          label,
          envelopes.expected,
        );
        const closed = await playCeremony(room, definition, envelopes, 'ceremony', (view, step) => {
          const done = view.steps.find((state) => state.step.id === step);
          told.act(`step ${step}`, `${done?.step.kind ?? ''}: ${done?.observed ?? ''}`, 'desk');
        });
        const { key } = await room.desk.call('keys.show', { key: closed.key ?? '' });
        told.act(
          `${algorithm} “${label}”`,
          `origin ${key.origin}, grade C, ${key.check?.method ?? ''} ${key.check?.value ?? ''}`,
          'desk',
        );
        told.act(
          'verdict',
          `${closed.verdict ?? ''}, ${closed.exceptions.length} exceptions`,
          'person',
        );
        report.ceremonies.push({
          id: closed.id,
          title: closed.title,
          status: closed.status,
          verdict: closed.verdict ?? '',
          definition_sha256: closed.definitionSha256,
          key: key.id,
        });
        report.keys.push({
          id: key.id,
          label,
          algorithm,
          origin: key.origin,
          token: 'ceremony',
          ...(key.check === undefined ? {} : { check: `${key.check.method} ${key.check.value}` }),
          ceremony: closed.id,
        });
      });

    const exportKey = async (tokenLabel: string, algorithm: AwsAlgorithm) => {
      const folder = join(out, 'packages', `${tokenLabel}-${algorithm.toLowerCase()}`);
      const key = await generate(
        'AES-256',
        'encrypt',
        `r-aws-${tokenLabel}-${algorithm.endsWith('_1') ? 'sha1' : 'sha256'}`,
        tokenLabel,
        true,
      );
      const made = { id: '', key: key.id, algorithm, token: tokenLabel };
      try {
        const job = await room.call(
          'exports.request',
          {
            key: key.id,
            target: 'aws-kms',
            algorithm,
            login: await room.login(tokenLabel, 'exports.request'),
          },
          'administrator',
          'officer',
        );
        told.act(algorithm, `self-test passed on token “${tokenLabel}”`, 'desk');
        const aws = await playAws();
        const file = join(out, `params-${tokenLabel}-${algorithm}.json`);
        writeFileSync(file, aws.params, { flag: 'wx', mode: 0o600 });
        const loaded = await room.call(
          'exports.load',
          { export: job.id, grant: await room.desk.grant('parameters', file) },
          'administrator',
        );
        const spoken = hexToWords(loaded.wrapping?.sha256 ?? '');
        const words = (loaded.readBack?.positions ?? []).map(
          (position) => spoken[position - 1] ?? '',
        );
        await room.call('exports.confirm', { export: job.id, words }, 'administrator', 'officer');
        told.act(
          'Ada Moreno, Otto Lind',
          `wrapping key RSA-${loaded.wrapping?.bits ?? 0} ${loaded.wrapping?.sha256 ?? ''} confirmed`,
          'person',
        );
        const wrapped = await room.call(
          'exports.wrap',
          {
            export: job.id,
            grant: await room.desk.grant('package', folder),
            login: await room.login(tokenLabel, 'exports.wrap'),
          },
          'administrator',
          'officer',
        );
        const hashName = algorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256';
        const opened = openBlob(
          aws,
          readFileSync(join(folder, 'EncryptedKeyMaterial.bin')),
          hashName,
        );
        const whole = opened?.length === 32;
        opened?.fill(0);
        told.act('the provider, played', `opens the package: ${opened?.length ?? 0} bytes`, 'desk');
        report.exports.push({ ...made, id: job.id, state: wrapped.state, folder, opened: whole });
        if (!whole)
          throw new KeymootError('self-test-failed', 'The package did not open on the other side.');
      } catch (error) {
        if (!(error instanceof KeymootError) || error.code !== 'mechanism-unsupported') throw error;
        told.act(algorithm, `refused on token “${tokenLabel}”: ${error.message}`, 'device');
        report.exports.push({ ...made, state: 'REFUSED', refused: error.code });
      }
    };
    await part('Export to AWS KMS, wrapped inside the token', async () => {
      await exportKey('ceremony', 'RSAES_OAEP_SHA_1');
      await exportKey('ceremony', 'RSAES_OAEP_SHA_256');
      await exportKey('export', 'RSAES_OAEP_SHA_256');
    });

    await part('Export the audit log', async () => {
      const written = await room.call(
        'log.export',
        { grant: await room.desk.grant('bundle', report.bundle) },
        'administrator',
      );
      const trust = await room.desk.call('log.trust', {});
      writeFileSync(report.trust, `${JSON.stringify(trust, undefined, 2)}\n`, {
        flag: 'wx',
        mode: 0o644,
      });
      told.act('bundle', `${written.size} entries, root ${written.root}`, 'desk');
      told.act(
        'trust file',
        'log name, log key, the last seal and the founders, kept apart from the bundle',
        'desk',
      );
    });
  } finally {
    await room.desk.stop();
  }

  await part('Verify, twice, with nothing in common', async () => {
    const own = verifyBundle(
      folderReader(report.bundle),
      parseTrust(readFileSync(report.trust, 'utf8')),
      [],
    );
    report.verifiers.keymoot = own.verdict;
    told.act('keymoot verify', own.verdict);
    const code = await standAlone([report.bundle, '--trust', report.trust, '--json']);
    report.verifiers.standalone = code === 0 ? 'pass' : `exit ${code}`;
    told.act('keymoot-verify.mjs', report.verifiers.standalone);
    if (own.verdict === 'pass' && code === 0) report.verdict = 'pass';
  });

  told.heading('What was made, and where it lies');
  for (const key of report.keys)
    told.line(
      `  ${key.algorithm.padEnd(9)} ${key.label.padEnd(24)} token “${key.token}”${''.padEnd(10 - key.token.length)} origin ${key.origin}`,
    );
  for (const job of report.exports)
    told.line(
      `  ${job.algorithm.padEnd(19)} token “${job.token}”${''.padEnd(10 - job.token.length)} ${job.state}${job.folder === undefined ? '' : `  ${job.folder}`}`,
    );
  told.line(`  audit bundle  ${report.bundle}`);
  told.line(`  trust file    ${report.trust}`);
  told.line();
  for (const { name, ms } of report.parts)
    told.line(`  ${name.padEnd(48)} ${(ms / 1000).toFixed(1)} s`);
  told.line();
  told.line(report.verdict === 'pass' ? 'Both verifiers pass.' : 'NOT VERIFIED.');
  writeFileSync(join(out, 'transcript.txt'), told.text, { flag: 'wx' });
  writeFileSync(join(out, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`, {
    flag: 'wx',
  });
  return report;
};
