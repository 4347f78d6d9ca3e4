/**
 * A desk with thousands of keys, for a bench: as the service itself would have written it, signed acts, intents and all, so that it opens.
 *
 * One key is really made. The others are entries and rows like its own, each under another name and id; they are on no token.
 */
import { randomBytes } from 'node:crypto';
import { Room } from '../../custody/cli/rehearsal/room.ts';
import { keyDetail, keyTarget } from '../../custody/service/handlers/key-facts.ts';
import { uuidv7 } from '../../custody/service/ids.ts';
import { Journal } from '../../custody/service/journal.ts';
import { Store } from '../../custody/store/store.ts';

/** Entries in one commit: a commit waits for the disk. */
const AT_ONCE = 250;
const NAMES = ['invoice', 'payments', 'zone-master', 'archive', 'partner', 'backup', 'card', 'tls'];

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
    const intent = Array.from({ length: store.log.size }, (_, seq) => journal.entry(seq)).find(
      (entry) => entry.type === 'key.generate' && entry.outcome === 'intent',
    );
    if (intent?.type !== 'key.generate') throw new Error('bench: the key’s intent is not there');
    const { acts, actor } = intent;
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
          const { token } = record.at;
          return {
            ...frame,
            ...(acts === undefined ? {} : { acts }),
            outcome: 'intent' as const,
            target: keyTarget({ label, ckaid }),
            detail: { key, algorithm, label, purpose, extractable, ckaid, token },
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
        {
          apply: () => {
            for (const record of some) store.keys.insert(record);
          },
        },
      );
    }
  } finally {
    store.close();
  }
  return room;
};
