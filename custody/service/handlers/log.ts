/** The log: its state, its entries with their proofs, sealing and exporting. */
import { hash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { KeymootError } from '../../../shared/errors.ts';
import { hexEncode } from '../../core/bytes.ts';
import { inclusionProof, leafHash } from '../../core/audit/merkle.ts';
import { base64 } from '../../core/audit/note.ts';
import { hexToWords } from '../../core/checkvalues/fingerprint.ts';
import { liesIn } from '../../judge/reader.ts';
import { writeBundle } from '../bundle.ts';
import type { Desk } from '../desk.ts';
import { NewFolder, readBounded, writeNewFile } from '../files.ts';
import { reasonOf } from '../reason.ts';
import { byActor, byCall, type Part } from '../router.ts';
import { telling } from '../telling.ts';

const MAX_TRUST = 16 * 2 ** 20; // bytes

/** The values that an auditor pins: the log key, the last seal, the founders' keys. */
const trustOf = ({ signer, journal, store }: Desk) => {
  const { key } = signer;
  const { origin } = journal;
  if (key === undefined || origin === undefined)
    throw new KeymootError(
      'desk-missing',
      'There is no desk here yet, so there is no log key to trust.',
    );
  const note = store.log.lastCheckpoint()?.note;
  const founders = [...journal.state.members].slice(0, 2).map((member) => member.key.sha256);
  return {
    key,
    trust: {
      v: 1 as const,
      log: origin,
      keys: [{ spki: key.spki, from: 0 }],
      ...(note === undefined ? {} : { anchors: [note] }),
      ...(founders.length === 2 ? { people: founders } : {}),
    },
  };
};

const folderAt = (path: string): string => {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch {
    // Missing or unreadable: refused below.
  }
  throw new KeymootError(
    'file-unreadable',
    'That is not a folder that can be read. Nothing was judged. Choose the folder that the export made; it holds manifest.json.',
  );
};
const readOutside = (folder: string, path: string): string => {
  const bytes = readBounded(path, MAX_TRUST);
  if (liesIn(folder, path))
    throw new KeymootError(
      'input-invalid',
      'That trust file lies in the bundle, which can’t vouch for itself. Nothing was judged. Choose the one that came to you another way.',
    );
  return bytes.toString('utf8');
};

export const logHandlers: Part<'log'> = {
  'log.state': { reads: true, run: (_input, { desk }) => desk.signer.state() },
  'log.seal': {
    run: async (_input, { desk }) => {
      desk.signer.require();
      await desk.mustSeal();
      return desk.signer.state();
    },
  },
  'log.entries': {
    reads: true,
    run: ({ from, limit }, { desk }) => {
      const { log } = desk.store;
      const to = Math.min(log.size, from + limit);
      return {
        size: log.size,
        entries: [...log.entries(Math.min(from, to), to)].map(({ seq, entry }) => ({
          seq,
          entry: JSON.parse(Buffer.from(entry).toString('utf8')) as Record<string, unknown>,
          leaf: hexEncode(leafHash(entry)),
        })),
      };
    },
  },
  'log.proof': {
    reads: true,
    run: ({ seq }, { desk }) => {
      const { log } = desk.store;
      const head = log.lastCheckpoint();
      if (head === undefined || seq >= head.size)
        throw new KeymootError(
          'not-found',
          'That entry is not sealed yet, so there is no proof of it.',
        );
      return {
        seq,
        size: head.size,
        root: base64(head.root),
        leaf: hexEncode(leafHash(log.entry(seq))),
        path: inclusionProof(seq, head.size, log.node).map(base64),
        ...(head.note === undefined ? {} : { note: head.note }),
      };
    },
  },
  'log.export': {
    run: async ({ grant }, call) => {
      const { desk } = call;
      const place = desk.takeGrant(grant, 'bundle');
      desk.signer.require();
      await desk.mustSeal();
      // The folder first: if it can't be written, no entry claims an export.
      const folder = new NewFolder(place);
      const { size, root } = desk.signer.state();
      const exported = { type: 'audit.exported', detail: { size, root } } as const;
      let recorded = false;
      try {
        desk.journal.record([{ ...exported, ...byCall(call) }]);
        recorded = true;
        await desk.mustSeal();
        const started = performance.now();
        const written = await writeBundle(desk, folder, {
          gone: desk.faceGone.signal,
          tell: (done, of) => {
            const elapsedMs = Math.round(performance.now() - started);
            const text = `Writing the bundle: ${done} of ${of} entries.`;
            desk.emit('progress', { request: call.requestId, text, elapsedMs });
          },
        });
        return { ...written, keySha256: desk.signer.key?.sha256 ?? '' };
      } catch (error) {
        folder.drop();
        // The entry about the export is written first, since the bundle contains it; its failure is recorded after it.
        if (recorded)
          desk.journal.record([
            { ...exported, outcome: 'failure', reason: reasonOf(error), ...byActor(call) },
          ]);
        throw error;
      }
    },
  },
  'log.trust': { reads: true, run: (_input, { desk }) => trustOf(desk).trust },
  'log.saveTrust': {
    run: ({ grant }, { desk }) => {
      const place = desk.takeGrant(grant, 'trust');
      const { trust, key } = trustOf(desk);
      const bytes = Buffer.from(`${JSON.stringify(trust, undefined, 2)}\n`, 'utf8');
      writeNewFile(place, bytes);
      return {
        name: basename(place),
        sha256: hash('sha256', bytes),
        keySha256: key.sha256,
        words: hexToWords(key.sha256),
      };
    },
  },
  'log.verify': {
    reads: true,
    run: async ({ bundle, trust, anchors = [] }, call) => {
      const { desk } = call;
      // Both grants are used up, even when one fails.
      const place = desk.takeGrant(bundle, 'verify-bundle');
      const trustPlace = trust === undefined ? undefined : desk.takeGrant(trust, 'verify-trust');
      const folder = folderAt(place);
      const pinned = trustPlace === undefined ? undefined : readOutside(folder, trustPlace);
      return telling(call, 'Judging the bundle, entry by entry. The desk goes on meanwhile.', () =>
        desk.judge.ask({ bundle: folder, trust: pinned, anchors }),
      );
    },
  },
};
