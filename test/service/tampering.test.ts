/**
 * Approval is counted from signatures, never from rows (design 08, T1). Changes by an attacker who can write the database file, but has no person's passphrase
 * and not the log token's PIN, are refused at the next start with a message, and nothing is changed.
 */
import { hash } from 'node:crypto';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../shared/canonical.ts';
import { DEFAULT_POLICY } from '../../shared/domain/policy.ts';
import { type ErrorCode, KeymootError } from '../../shared/errors.ts';
import { DeskClient } from '../../custody/cli/client.ts';
import { playAws } from '../../custody/cli/rehearsal/aws.ts';
import { Desk } from '../../custody/service/desk.ts';
import { hexToWords } from '../../custody/core/checkvalues/fingerprint.ts';
import { GrowingTree, leafHash } from '../../custody/core/audit/merkle.ts';
import { ADA, OTTO, TestDesk, dump, possible, refusedAs, type Played } from '../support/desk.ts';
import { withoutTriggers } from '../support/triggers.ts';

type Change = (db: Sqlite.Database) => void;
/** A table’s text without a part of it. */
const REWRITE = (table: string, part: string) =>
  `UPDATE sqlite_schema SET sql = replace(sql, '${part}', '') WHERE name = '${table}'`;

describe.skipIf(!possible)('a database that was changed behind the desk’s back', () => {
  let desk: TestDesk;
  let played: Played;
  let quarantined: string;
  let exportable: string;
  let job: string;
  const file = () => join(desk.data, 'desk.sqlite');
  const kept = () => join(desk.home, 'kept.sqlite');
  const older = () => join(desk.home, 'older.sqlite');

  beforeAll(async () => {
    desk = await TestDesk.found();
    await desk.room.desk.stop();
    copyFileSync(file(), older());
    await desk.room.reopen();
    exportable = (await desk.generate('leaves', { extractable: true })).id;
    await desk.generate('stays');
    await desk.generate('leaves too', { extractable: true });
    const { id } = await desk.call(
      'exports.request',
      {
        key: exportable,
        target: 'aws-kms',
        algorithm: 'RSAES_OAEP_SHA_1',
        login: await desk.room.login('work', 'exports.request'),
      },
      ADA,
      OTTO,
    );
    job = id;
    const aws = await playAws();
    writeFileSync(join(desk.home, 'params.json'), aws.params);
    await desk.call(
      'exports.load',
      {
        export: job,
        grant: await desk.room.desk.grant('parameters', join(desk.home, 'params.json')),
      },
      ADA,
    );
    played = await desk.arm('9');
    quarantined = played.view.key ?? '';
    await desk.room.desk.stop();
    copyFileSync(file(), kept());
  });
  afterAll(() => desk.remove());

  const restore = (from = kept()) => {
    for (const suffix of ['-wal', '-shm']) rmSync(`${file()}${suffix}`, { force: true });
    copyFileSync(from, file());
  };
  const start = () => DeskClient.start(desk.data);
  /** Changes the database, starts the desk, and expects a refusal with nothing written. */
  const refusesToOpen = async (
    code: ErrorCode | readonly ErrorCode[],
    change: Change,
    from = kept(),
  ) => {
    restore(from);
    const before = desk.edit((db) => {
      change(db);
      return dump(db);
    });
    const codes = typeof code === 'string' ? [code] : code;
    let error: KeymootError | undefined;
    try {
      (await Desk.open(desk.data, () => undefined)).close();
    } catch (reason) {
      if (reason instanceof KeymootError) error = reason;
      else throw reason;
    }
    expect(error, 'the desk opened').toBeDefined();
    expect(codes).toContain(error?.code);
    expect(error?.message).toMatch(/Nothing was (changed|written)/);
    expect(desk.edit(dump)).toEqual(before);
  };

  test('says so on every call, so that a face shows it instead of a blank screen', async () => {
    restore();
    desk.edit((db) => db.exec(`UPDATE person SET role = 'administrator' WHERE role = 'custodian'`));
    await refusedAs('store-tampered', start());
  });
  test('opens when nothing was changed', async () => {
    restore();
    const client = await start();
    expect((await client.call('desk.hello', {})).state).toBe('READY');
    await client.stop();
  });

  test('tells how far the check of its log has come, to the last entry', async () => {
    restore();
    const told: [number, number][] = [];
    const opened = await Desk.open(
      desk.data,
      () => undefined,
      (done, of) => told.push([done, of]),
    );
    const { size } = opened.store.log;
    opened.close();
    expect(told.at(-1)).toEqual([size, size]);
    expect(told).toEqual(told.toSorted(([a], [b]) => a - b));
  });

  const tables: [string, string][] = [
    [
      'a person is inserted',
      `INSERT INTO person (id, role, key_sha256, gone)
         VALUES ('0198c0de-0000-7000-8000-0000000000ff', 'administrator', '${'ab'.repeat(32)}', 0)`,
    ],
    [
      'a custodian is made an administrator',
      `UPDATE person SET role = 'administrator' WHERE role = 'custodian'`,
    ],
    ['a person is marked as gone', `UPDATE person SET gone = 1 WHERE role = 'officer'`],
    [
      'two people’s names are exchanged',
      `UPDATE name SET name = (SELECT other.name FROM name other WHERE other.person <> name.person ORDER BY other.person LIMIT 1)`,
    ],
    [
      'a person is renamed',
      `UPDATE name SET name = 'Mallory' WHERE person = (SELECT max(person) FROM name)`,
    ],
    ['a person is deleted', `DELETE FROM name; DELETE FROM person WHERE role = 'witness'`],
    [
      'a person gets another key',
      `UPDATE person SET key_sha256 = '${'cd'.repeat(32)}' WHERE role = 'officer'`,
    ],
    ['a module gets another hash', `UPDATE module SET sha256 = '${'ab'.repeat(32)}'`],
    [
      'a module is inserted',
      `INSERT INTO module SELECT '0198c0de-0000-7000-8000-0000000000fd', path, sha256, family, 'evil', settings_sha256 FROM module`,
    ],
    ['a module gets another path', `UPDATE module SET path = '/tmp/other.so'`],
    ['a module is said to be of another family', `UPDATE module SET family = 'nss'`],
    [
      'the desk gets another name, and its seals are gone',
      `UPDATE meta SET value = 'other.local/x' WHERE name = 'origin'; DELETE FROM checkpoint`,
    ],
    [
      'a rehearsal is made a production desk',
      `UPDATE meta SET value = 'production' WHERE name = 'mode'`,
    ],
    [
      'the log key is another',
      `UPDATE meta SET value = replace(value, '"sha256":"', '"sha256":"00') WHERE name = 'log_key'`,
    ],
    [
      'the policy’s text is changed',
      `UPDATE evidence SET bytes = CAST(replace(CAST(bytes AS TEXT), '"wrappingBits":2048', '"wrappingBits":2049') AS BLOB) WHERE media LIKE '%policy%'`,
    ],
    ['the policy’s text is deleted', `DELETE FROM evidence WHERE media LIKE '%policy%'`],
    [
      'a key is taken out of quarantine',
      `UPDATE key SET state = 'active' WHERE state = 'quarantine'`,
    ],
    [
      'a key’s object is exchanged for another',
      `UPDATE key SET ckaid = (SELECT k.ckaid FROM key k WHERE k.label = 'stays') WHERE label = 'leaves'`,
    ],
    ['a key is made extractable', `UPDATE key SET extractable = 1`],
    ['a key is said to be generated in the HSM', `UPDATE key SET origin = 'generated'`],
    ['a key gets another label', `UPDATE key SET label = 'other' WHERE label = 'stays'`],
    ['a key is deleted', `DELETE FROM key WHERE label = 'stays'`],
    [
      'a part of a key’s life is left out',
      `DELETE FROM log_index WHERE kind = 'key' AND seq = (SELECT max(seq) FROM log_index WHERE kind = 'key')`,
    ],
    [
      'a definition’s text is changed',
      `UPDATE evidence SET bytes = CAST(replace(CAST(bytes AS TEXT), '"count":3', '"count":2') AS BLOB) WHERE media LIKE '%definition%'`,
    ],
    ['a definition is deleted', `DELETE FROM definition`],
    [
      'a ceremony’s entries are deleted',
      `DELETE FROM log_index WHERE kind = 'ceremony' AND seq = (SELECT max(seq) FROM log_index WHERE kind = 'ceremony')`,
    ],
    [
      'an entry of something else is given to a ceremony',
      `INSERT INTO log_index SELECT 'ceremony', id, 1 FROM ceremony`,
    ],
    [
      'an entry is found under another type',
      `UPDATE log_index SET id = 'key.use' WHERE kind = 'type' AND id = 'key.generate'`,
    ],
    ['what a person did is found nowhere', `DELETE FROM log_index WHERE kind = 'person'`],
    ['an index was never written', `DELETE FROM log_index`],
    ['a ceremony is deleted', `DELETE FROM ceremony`],
    [
      'a library is loaded by other settings than people signed for',
      `INSERT INTO settings VALUES ('${'ab'.repeat(32)}', '{}'); UPDATE module SET settings_sha256 = '${'ab'.repeat(32)}'`,
    ],
    [
      'an export is given another key that may leave',
      `UPDATE export SET key = (SELECT id FROM key WHERE label = 'leaves too')`,
    ],
    [
      'an export is made for another algorithm',
      `UPDATE export SET algorithm = 'RSAES_OAEP_SHA_256'`,
    ],
    [
      'an export is in its table only',
      `INSERT INTO export (id, key, target, algorithm, state, created)
         SELECT '0198c0de-0000-7000-8000-0000000000fb', key, target, algorithm, 'REQUESTED', created FROM export`,
    ],
    ['an export is said to be confirmed', `UPDATE export SET state = 'CONFIRMED'`],
    [
      'an export gets another wrapping key',
      `UPDATE export SET wrapping_spki_sha256 = '${'ab'.repeat(32)}'`,
    ],
    [
      'an open intent appears that the log does not know',
      `INSERT INTO intent VALUES ('0198c0de-0000-7000-8000-0000000000fc', 3)`,
    ],
    ['an opened envelope is forgotten', `DELETE FROM envelope WHERE component = 1`],
  ];
  for (const [what, sql] of tables)
    test(`does not open when ${what}`, () =>
      refusesToOpen('store-tampered', (db) => {
        db.pragma('foreign_keys = OFF');
        db.exec(sql);
      }));

  test('does not open when a definition and an armed ceremony are written into its tables', () =>
    refusesToOpen('store-tampered', (db) => {
      const bytes = canonicalBytes({ ...played.definition, title: 'Nobody approved this' });
      const sha256 = hash('sha256', bytes);
      db.prepare('INSERT INTO evidence VALUES (?, ?, ?)').run(
        sha256,
        'application/vnd.keymoot.definition+json',
        bytes,
      );
      db.prepare('INSERT INTO definition VALUES (?, ?, ?)').run(
        sha256,
        'Nobody approved this',
        '2026-01-01T00:00:00.000Z',
      );
      db.prepare('INSERT INTO ceremony VALUES (?, ?, ?)').run(
        'ab'.repeat(16),
        sha256,
        '2026-01-01T00:00:00.000Z',
      );
    }));
  test('does not open when a ceremony is armed in the table only, on a definition that was approved', () =>
    refusesToOpen('store-tampered', (db) => {
      db.prepare('INSERT INTO ceremony SELECT ?, definition_sha256, opened FROM ceremony').run(
        'ab'.repeat(16),
      );
    }));
  test('does not open when another policy’s text is put in the place of the approved one', () =>
    refusesToOpen('store-tampered', (db) => {
      db.prepare("UPDATE evidence SET bytes = ? WHERE media LIKE '%policy%'").run(
        canonicalBytes({ ...DEFAULT_POLICY, approvals: 3 }),
      );
    }));

  /** The log has only the hash, so the settings are compared when they would be used to load a library. */
  const settings: [string, string][] = [
    ['gets other parameters', `json_set(json, '$.parameters', 'configdir=''sql:/tmp/other''')`],
    ['reads another configuration', `replace(json, 'softhsm2.conf', 'other.conf')`],
    [
      'would get a variable that changes how programs are loaded',
      `json_set(json, '$.environment.LD_PRELOAD', '/tmp/evil.so')`,
    ],
    [
      'has a real token that is passed off as one whose PIN is in halves',
      `replace(json, '"training":true', '"training":false')`,
    ],
  ];
  test.each(settings)('loads no library that %s', async (_, to) => {
    restore();
    const changes = desk.edit((db) => db.prepare(`UPDATE settings SET json = ${to}`).run().changes);
    expect(changes).toBeGreaterThan(0);
    const inside = await desk.inside();
    try {
      await refusedAs('store-tampered', inside.call('modules.list', {}));
      await refusedAs(
        'store-tampered',
        inside.call('desk.open', { login: inside.login('log', 'desk.open') }, ADA),
      );
    } finally {
      inside.desk.close();
    }
  });

  const schema: [string, string][] = [
    [
      'a trigger takes every new key out of quarantine',
      `CREATE TRIGGER helpful AFTER INSERT ON key BEGIN UPDATE key SET state = 'active' WHERE id = NEW.id; END`,
    ],
    ['the log’s rows may be changed', 'DROP TRIGGER log_keeps_updates'],
    [
      'the log’s rows may be deleted, under a trigger of the same name',
      `DROP TRIGGER log_keeps_deletes; CREATE TRIGGER log_keeps_deletes BEFORE DELETE ON log BEGIN SELECT 1; END`,
    ],
    ['a view was made', 'CREATE VIEW keys AS SELECT * FROM key'],
    ['a table was made', 'CREATE TABLE more (bytes BLOB)'],
    ['an index was made', 'CREATE INDEX by_state ON key (state)'],
    ['an index is gone', 'DROP INDEX key_by_label'],
    ['a column was added', `ALTER TABLE export ADD COLUMN approved INTEGER DEFAULT 1`],
    ['a check is gone', REWRITE('checkpoint', ' CHECK (length(root) = 32)')],
    ['it says that its tables are still to be made', 'PRAGMA user_version = 0'],
    ['it counts its migrations below none', 'PRAGMA user_version = -1'],
  ];
  for (const [what, sql] of schema)
    test(`does not open when ${what}`, () =>
      refusesToOpen('store-tampered', (db) => {
        db.unsafeMode();
        db.pragma('writable_schema = ON');
        db.exec(sql);
      }));

  test('does not open when it says that an earlier build made it', () =>
    refusesToOpen('store-older', (db) => db.pragma('user_version = 1')));
  test('does not open when the desk gets another name under its seals', () =>
    refusesToOpen('log-mismatch', (db) => {
      db.exec(`UPDATE meta SET value = 'other.local/x' WHERE name = 'origin'`);
    }));

  const LOG: ErrorCode[] = ['log-mismatch', 'store-damaged', 'store-tampered'];
  test('keeps its triggers: log rows can’t be changed or deleted while they are there', () => {
    restore();
    desk.edit((db) => {
      for (const sql of [
        'DELETE FROM log',
        "UPDATE log SET entry = x'00'",
        'DELETE FROM log WHERE seq = 3',
      ])
        expect(() => db.exec(sql)).toThrow(/append-only/);
    });
  });
  test('does not open when an entry is deleted in the middle', () =>
    refusesToOpen(LOG, (db) => {
      db.pragma('foreign_keys = OFF');
      withoutTriggers(db, () => db.exec('DELETE FROM log WHERE seq = 7'));
    }));
  test('does not open when the tail is cut', () =>
    refusesToOpen(LOG, (db) => {
      db.pragma('foreign_keys = OFF');
      withoutTriggers(db, () => db.exec('DELETE FROM log WHERE seq > 12'));
    }));
  test('does not open when the tail is cut and what the tables make of it is cut too', () =>
    refusesToOpen('log-mismatch', (db) => {
      db.pragma('foreign_keys = OFF');
      withoutTriggers(db, () => {
        for (const table of ['log_index', 'log']) db.exec(`DELETE FROM ${table} WHERE seq > 12`);
      });
      for (const table of ['ceremony', 'definition', 'key', 'export', 'envelope', 'intent'])
        db.exec(`DELETE FROM ${table}`);
    }));
  test('does not open when the tail is cut together with its checkpoints', () =>
    refusesToOpen(LOG, (db) => {
      db.pragma('foreign_keys = OFF');
      // The last two entries and every checkpoint over them: the remaining log itself, or its tables, show that more was sealed.
      const size = (db.prepare('SELECT max(seq) + 1 AS n FROM log').get() as { n: number }).n;
      withoutTriggers(db, () =>
        db.exec(
          `DELETE FROM log WHERE seq >= ${size - 2}; DELETE FROM checkpoint WHERE size > ${size - 2}`,
        ),
      );
    }));
  test('does not open when its checkpoints are deleted', () =>
    refusesToOpen('log-mismatch', (db) => {
      db.exec('DELETE FROM checkpoint WHERE size > 0');
    }));
  test('does not open when a checkpoint’s root is another', () =>
    refusesToOpen('log-mismatch', (db) => {
      db.exec(
        `UPDATE checkpoint SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM checkpoint)`,
      );
    }));
  test('does not open when a sealed entry is changed and tree and roots are made to fit', () =>
    refusesToOpen('log-mismatch', (db) => {
      const rows = db.prepare('SELECT seq, entry FROM log ORDER BY seq').all() as {
        seq: number;
        entry: Buffer;
      }[];
      const tree = new GrowingTree();
      const roots = new Map([[0, tree.root]]);
      const put = db.prepare('UPDATE log SET entry = ?, hashes = ? WHERE seq = ?');
      withoutTriggers(db, () => {
        for (const { seq, entry } of rows) {
          const text = entry.toString();
          const changed = text.includes('"type":"app.start"')
            ? Buffer.from(text.replace(/"boot_ms":\d+/, '"boot_ms":1'))
            : entry;
          const complete = tree.append(leafHash(changed));
          put.run(changed, Buffer.concat(complete.map(({ hash }) => hash)), seq);
          roots.set(tree.size, tree.root);
        }
      });
      const root = db.prepare('UPDATE checkpoint SET root = ? WHERE size = ?');
      for (const [size, digest] of roots) root.run(digest, size);
    }));
  test('does not open when the last seal is not the log key’s', () =>
    refusesToOpen('log-mismatch', (db) => {
      const last = db.prepare('SELECT size, note FROM checkpoint ORDER BY size DESC').get() as {
        size: number;
        note: string;
      };
      const before = db
        .prepare('SELECT note FROM checkpoint WHERE size < ? ORDER BY size DESC')
        .get(last.size) as { note: string };
      const parts = [last, before].map(({ note }) => note.split('\n\n'));
      const forged = `${parts[0]?.[0] ?? ''}\n\n${parts[1]?.[1] ?? ''}`;
      db.prepare('UPDATE checkpoint SET note = ? WHERE size = ?').run(forged, last.size);
    }));
  test('does not open when yesterday’s database is put back under today’s checkpoint', () => {
    restore();
    const [last] = desk.edit((db) =>
      db
        .prepare<[], { size: number; root: Buffer; note: string }>(
          'SELECT * FROM checkpoint ORDER BY size DESC',
        )
        .all(),
    );
    return refusesToOpen(
      'log-mismatch',
      (db) => {
        db.prepare('INSERT INTO checkpoint VALUES (?, ?, ?)').run(
          last?.size,
          last?.root,
          last?.note,
        );
      },
      older(),
    );
  });

  /** Replaces an entry by a changed one; `hashes` names what is recomputed to fit it. */
  const replace = (
    db: Sqlite.Database,
    type: string,
    from: string,
    to: string,
    leafToo: boolean,
  ) => {
    const found = db
      .prepare<[Buffer, Buffer], { seq: number; entry: Buffer; hashes: Buffer }>(
        'SELECT * FROM log WHERE instr(entry, ?) AND instr(entry, ?)',
      )
      .get(Buffer.from(`"type":"${type}"`), Buffer.from(from));
    if (found === undefined) throw new Error(`no entry ${type} with ${from}`);
    const entry = Buffer.from(found.entry.toString('utf8').replace(from, to));
    parseCanonical(entry);
    const hashes = leafToo
      ? Buffer.concat([leafHash(entry), found.hashes.subarray(32)])
      : found.hashes;
    const put = db.prepare('UPDATE log SET entry = ?, hashes = ? WHERE seq = ?');
    withoutTriggers(db, () => put.run(entry, hashes, found.seq));
  };
  const replaced: [string, string, string, string][] = [
    ['a person’s role', 'person.enrolled', '"role":"witness"', '"role":"officer"'],
    ['what a ceremony’s step said', 'ceremony.step', '"outcome":"success"', '"outcome":"failure"'],
    ['what became of a key', 'key.generate', '"extractable":true', '"extractable":false'],
    ['a definition’s approval', 'ceremony.approve', '"role":"officer"', '"role":"witness"'],
  ];
  for (const [what, type, from, to] of replaced) {
    test(`does not open when ${what} is changed in its entry`, () =>
      refusesToOpen(LOG, (db) => replace(db, type, from, to, false)));
    test(`does not open when ${what} is changed in its entry and the leaf is made to fit`, () =>
      refusesToOpen(LOG, (db) => replace(db, type, from, to, true)));
  }
  test('does not open when an entry is added at the end that nobody’s acts stand behind and that gives rights', () =>
    refusesToOpen(LOG, (db) => {
      const last = db.prepare('SELECT * FROM log ORDER BY seq DESC').get() as {
        seq: number;
        entry: Buffer;
      };
      db.prepare('INSERT INTO log VALUES (?, ?, ?)').run(
        last.seq + 1,
        last.entry,
        leafHash(last.entry),
      );
    }));

  test('counts a confirmation of a wrapping key by its signatures, even when row and parameters fit each other', async () => {
    const attacker = await playAws();
    const bytes = Buffer.from(attacker.params);
    const sha256 = hash('sha256', bytes);
    await refusesToOpen('store-tampered', (db) => {
      db.prepare('INSERT INTO evidence VALUES (?, ?, ?)').run(
        sha256,
        'application/vnd.keymoot.aws-parameters+json',
        bytes,
      );
      db.prepare("UPDATE export SET state = 'CONFIRMED', parameters_sha256 = ?").run(sha256);
    });
  });

  test('is whole again when the untouched copy is put back', async () => {
    restore();
    await desk.room.reopen();
    const view = await desk.call('ceremonies.show', { ceremony: played.view.id });
    expect(view.status).toBe('VERIFYING');
    expect((await desk.call('keys.show', { key: quarantined })).key.state).toBe('quarantine');
    expect(hexToWords(view.definitionSha256)).toEqual(view.words);
    await refusedAs(
      'not-found',
      desk.call('ceremonies.arm', { definitionSha256: 'ab'.repeat(32) }, ADA),
    );
  });
});
