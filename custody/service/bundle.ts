/** Writes an audit bundle: the log as tlog-tiles, its checkpoints, the public evidence, and pages for people (resources/formats/audit-log.md). */
import { hash } from 'node:crypto';
import { canonicalBytes } from '../../shared/canonical.ts';
import { base64 } from '../core/audit/note.ts';
import { reportPage, verifyPage } from '../core/audit/pages.ts';
import { encodeEntries, entryTiles, hashTiles } from '../core/audit/tiles.ts';
import type { Desk } from './desk.ts';
import type { NewFolder } from './files.ts';

interface WrittenBundle {
  size: number;
  root: string;
  files: number;
}

/** Writes the bundle of the last sealed size into a new folder, which it finishes or drops. */
export const writeBundle = (desk: Desk, folder: NewFolder): WrittenBundle => {
  const { log, evidence } = desk.store;
  const checkpoints = log.checkpoints().filter(({ note }) => note !== undefined);
  const head = checkpoints.at(-1);
  const key = desk.signer.key;
  if (head?.note === undefined || key === undefined) throw new Error('bundle: the log has no seal');
  const { size } = head;
  const root = base64(head.root);
  const files: { path: string; size: number; sha256: string }[] = [];
  const put = (path: string, bytes: Uint8Array) => {
    folder.write(path, bytes);
    files.push({ path, size: bytes.length, sha256: hash('sha256', bytes) });
  };
  const text = (value: string) => Buffer.from(value, 'utf8');

  try {
    put('log/checkpoint', text(head.note));
    for (const tile of hashTiles(size)) {
      const hashes = Array.from({ length: tile.width }, (_, at) =>
        log.node(tile.level * 8, tile.index * 256 + at),
      );
      put(`log/${tile.path}`, Buffer.concat(hashes));
    }
    const named = new Map<string, string>();
    const lines: Uint8Array[] = [];
    const newline = text('\n');
    for (const tile of entryTiles(size)) {
      const from = tile.index * 256;
      const entries = [...log.entries(from, from + tile.width)].map(({ entry }) => entry);
      put(`log/${tile.path}`, encodeEntries(entries));
      for (const [at, entry] of entries.entries()) {
        lines.push(entry, newline);
        for (const { sha256, media } of desk.journal.entry(from + at).evidence ?? [])
          named.set(sha256, media);
      }
    }
    for (const { size: at, note } of checkpoints) put(`checkpoints/${at}`, text(note ?? ''));
    for (const sha256 of named.keys()) {
      const bytes = evidence.get(sha256);
      if (bytes !== undefined) put(`evidence/${sha256}`, bytes);
    }
    put('derived/entries.ndjson', Buffer.concat(lines));
    const pem = key.spki.match(/.{1,64}/g)?.join('\n') ?? '';
    put('keys/log.pem', text(`-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----\n`));
    const origin = desk.journal.origin ?? '';
    put('VERIFY.md', text(verifyPage({ origin, size, root, keySha256: key.sha256 })));
    const entries = Array.from({ length: size }, (_, seq) => desk.journal.entry(seq));
    put('report.html', text(reportPage({ origin, size, root, keySha256: key.sha256, entries })));

    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    folder.write(
      'manifest.json',
      canonicalBytes({ v: 1, log: origin, size, root, complete: true, files }),
    );
    folder.finish();
    return { size, root, files: files.length + 1 };
  } catch (error) {
    folder.drop();
    throw error;
  }
};
