/** The first schema: log, people, modules, keys, ceremonies, exports. Metadata only: no column here could hold a key, a PIN or a component. */
export const sql = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The log: exact stored bytes, and the hashes of the Merkle subtrees that this leaf completes, level 0 first (store/log.ts).
CREATE TABLE log (
  seq INTEGER PRIMARY KEY, entry BLOB NOT NULL,
  hashes BLOB NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
) STRICT;
CREATE TRIGGER log_keeps_updates BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_keeps_deletes BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

-- A row is written before the token signs, so that a retry after a crash signs the same text.
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY, root BLOB NOT NULL CHECK (length(root) = 32), note TEXT
) STRICT;

-- Public artefacts that entries name by hash.
CREATE TABLE evidence (sha256 TEXT PRIMARY KEY, media TEXT NOT NULL, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- From here to the next line of dashes: what the log says, as rows. A projection keeps them with each entry and compares them at start; nothing else writes them.
CREATE TABLE log_index (kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES log (seq), PRIMARY KEY (kind, id, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE person (id TEXT PRIMARY KEY, role TEXT NOT NULL, key_sha256 TEXT NOT NULL UNIQUE, gone INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE module (
  id TEXT PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, family TEXT NOT NULL, label TEXT NOT NULL, settings_sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE key (
  id TEXT PRIMARY KEY, label TEXT NOT NULL, algorithm TEXT NOT NULL, bits INTEGER NOT NULL, purpose TEXT NOT NULL,
  extractable INTEGER NOT NULL, module TEXT NOT NULL,
  token_manufacturer TEXT NOT NULL, token_model TEXT NOT NULL, token_serial TEXT NOT NULL, token_label TEXT NOT NULL,
  ckaid TEXT NOT NULL, state TEXT NOT NULL, origin TEXT NOT NULL, control TEXT NOT NULL,
  check_method TEXT, check_value TEXT, spki BLOB, spki_sha256 TEXT, attributes TEXT NOT NULL, ceremony TEXT, created TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX key_by_label ON key (label);
CREATE INDEX key_by_age ON key (created, id);
-- Intents that have no outcome yet. What was about to happen, and until when it may still happen, their entries say.
CREATE TABLE intent (entry TEXT PRIMARY KEY, seq INTEGER NOT NULL REFERENCES log (seq)) STRICT, WITHOUT ROWID;

CREATE TABLE ceremony (id TEXT PRIMARY KEY, definition_sha256 TEXT NOT NULL, opened TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE definition (sha256 TEXT PRIMARY KEY, title TEXT NOT NULL, defined TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- Envelope serials, unique for ever.
CREATE TABLE envelope (
  serial TEXT PRIMARY KEY, ceremony TEXT, component INTEGER NOT NULL, person TEXT NOT NULL, state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE export (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, target TEXT NOT NULL, algorithm TEXT NOT NULL, state TEXT NOT NULL,
  created TEXT NOT NULL, parameters_sha256 TEXT, wrapping_spki_sha256 TEXT, key_ref TEXT, valid_to TEXT, blob_sha256 TEXT, manifest_sha256 TEXT
) STRICT, WITHOUT ROWID;
-- ----------------------------------------------------------------------------------------------------------------------

-- What the log names by a hash and must not hold: each row is compared with that hash where it is used.
-- A person's signing key, sealed, which only its person can open.
CREATE TABLE signing_key (
  person TEXT PRIMARY KEY, kdf_log2n INTEGER NOT NULL, kdf_salt BLOB NOT NULL, seal_nonce BLOB NOT NULL, sealed_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- Names, which can be erased; the log holds SHA-256(salt ‖ name).
CREATE TABLE name (person TEXT PRIMARY KEY, salt BLOB NOT NULL, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- How a library is loaded: canonical JSON, which may hold a vendor's own words.
CREATE TABLE settings (sha256 TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Token processes of this and former epochs: which must be gone before anything is reconciled.
CREATE TABLE process (pid INTEGER PRIMARY KEY, started TEXT NOT NULL, epoch INTEGER NOT NULL, module TEXT NOT NULL, purpose TEXT NOT NULL) STRICT;
`;
