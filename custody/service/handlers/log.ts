/** The log: its state, its entries with their proofs, sealing and exporting. */
import { KeymootError } from '../../../shared/errors.ts';
import { hexEncode } from '../../core/bytes.ts';
import { inclusionProof, leafHash } from '../../core/audit/merkle.ts';
import { base64 } from '../../core/audit/note.ts';
import { writeBundle } from '../bundle.ts';
import { NewFolder } from '../files.ts';
import { byCall, type Part } from '../router.ts';

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
      // The folder first: a place that can't be written leaves no entry about an export that never was.
      const folder = new NewFolder(place);
      try {
        const { size, root } = desk.signer.state();
        desk.journal.record([{ type: 'audit.exported', detail: { size, root }, ...byCall(call) }]);
        await desk.mustSeal();
        const written = writeBundle(desk, folder);
        return { ...written, keySha256: desk.signer.key?.sha256 ?? '' };
      } catch (error) {
        folder.drop();
        throw error;
      }
    },
  },
  'log.trust': {
    reads: true,
    run: (_input, { desk }) => {
      const { key } = desk.signer;
      const { origin } = desk.journal;
      if (key === undefined || origin === undefined)
        throw new KeymootError(
          'desk-missing',
          'There is no desk here yet, so there is no log key to trust.',
        );
      const note = desk.store.log.lastCheckpoint()?.note;
      const founders = [...desk.journal.authority.members.values()]
        .slice(0, 2)
        .map((member) => member.key.sha256);
      return {
        v: 1 as const,
        log: origin,
        keys: [{ spki: key.spki, from: 0 }],
        ...(note === undefined ? {} : { anchors: [note] }),
        ...(founders.length === 2 ? { people: founders } : {}),
      };
    },
  },
};
