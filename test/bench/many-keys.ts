/**
 * A desk with thousands of keys, for a bench: as the service itself would have written it, signed acts, intents and all, so that it opens.
 *
 * One key is really made. The others are entries and rows like its own, each under another name and id; they are on no token.
 */
import { hash, randomBytes } from 'node:crypto';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { base64 } from '../../custody/core/audit/note.ts';
import type { About } from '../../custody/core/audit/entry.ts';
import { envelope, statementBytes } from '../../custody/core/audit/statement.ts';
import type { Envelope } from '../../shared/log/shapes.ts';
import { openPersonKey } from '../../custody/core/people/keys.ts';
import { keyDetail, keyTarget } from '../../custody/service/handlers/key-facts.ts';
import { uuidv7 } from '../../custody/service/ids.ts';
import { Journal } from '../../custody/service/journal.ts';
import { Store } from '../../custody/store/store.ts';

/** Keys in one commit: a commit waits for the disk. */
const AT_ONCE = 250;
const NAMES = ['invoice', 'payments', 'zone-master', 'archive', 'partner', 'backup', 'card', 'tls'];

/** People who sign an act for each key that is made, as they would at a desk. */
const signers = async (
  room: Room,
  store: Store,
  journal: Journal,
  names: readonly string[],
): Promise<(about: About) => Envelope[]> => {
  const people = await Promise.all(
    names.map(async (name) => {
      const { id, passphrase } = room.player(name);
      const key = journal.state.members.get(id)?.key;
      const sealed = store.people.sealedKey(id);
      if (key === undefined || sealed === undefined) throw new Error(`bench: ${name} has no key`);
      return { id, key, sign: await openPersonKey(id, passphrase, sealed, key) };
    }),
  );
  return (about) => {
    const head = { size: store.log.size, root: base64(store.log.root) };
    return people.map(({ id, key, sign }) => {
      const payload = statementBytes({
        v: 1,
        kind: 'act',
        log: journal.origin ?? '',
        person: id,
        head,
        time: new Date().toISOString(),
        channel: 'keys.generate',
        input_sha256: hash('sha256', id),
        ...about,
        nonce: randomBytes(16).toString('hex'),
      });
      return envelope(payload, key.sha256, sign(payload));
    });
  };
};

/** Founds a desk in `folder` with a training token “bench”, and gives its people. The service is stopped. */
export const deskOfKeys = async (folder: string, keys: number): Promise<Room> => {
  const room = await Room.enter(folder);
  await room.found('bench.keymoot.local');
  await room.train('softhsm', 'bench', 'administrator', 'officer');
  const { key: made } = await room.call(
    'keys.generate',
    {
      at: room.token('bench'),
      algorithm: 'AES-256',
      purpose: 'wrap',
      label: 'first',
      login: await room.login('bench', 'keys.generate'),
    },
    'administrator',
    'officer',
  );
  await room.desk.stop();
  const store = Store.open(folder);
  try {
    const journal = new Journal(store);
    await journal.open(() => undefined);
    const intent = Array.from({ length: store.log.size }, (_, seq) => journal.entry(seq)).find(
      (entry) => entry.type === 'key.generate' && entry.outcome === 'intent',
    );
    if (intent?.type !== 'key.generate') throw new Error('bench: the key’s intent is not there');
    const { actor } = intent;
    const sign = await signers(room, store, journal, ['administrator', 'officer']);
    const frame = {
      type: 'key.generate' as const,
      actor,
      tokenSerial: made.at.token.serial,
    };
    const records = Array.from({ length: keys - 1 }, (_, at) => ({
      ...made,
      id: uuidv7(),
      label: `${NAMES[at % NAMES.length] ?? ''}-${String(at).padStart(5, '0')}`,
      ckaid: randomBytes(16).toString('hex'),
      created: new Date().toISOString(),
    }));
    for (let from = 0; from < records.length; from += AT_ONCE) {
      const some = records.slice(from, from + AT_ONCE);
      const begun = journal.record(
        some.map((record) => {
          const { id: key, label, ckaid, algorithm, purpose, extractable } = record;
          const { module, token } = record.at;
          return {
            ...frame,
            sign,
            outcome: 'intent' as const,
            target: keyTarget({ label, ckaid }),
            detail: { key, algorithm, label, purpose, extractable, ckaid, module, token },
          };
        }),
      );
      journal.record(
        some.map((record, at) => ({
          ...frame,
          corr: begun[at]?.id ?? '',
          target: keyTarget(record),
          detail: keyDetail(record),
        })),
      );
    }
  } finally {
    store.close();
  }
  return room;
};
