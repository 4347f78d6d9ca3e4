/** Which entries tell a key's life, so that showing it reads those and not the whole log. */
export const sql = `
-- No reference to key: an intent is written before there is a row, and one that failed never gets one.
CREATE TABLE key_entry (key TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES log (seq), PRIMARY KEY (key, seq)) STRICT, WITHOUT ROWID;
INSERT INTO key_entry
  SELECT json_extract(CAST(entry AS TEXT), '$.detail.key'), seq FROM log
  WHERE json_type(CAST(entry AS TEXT), '$.detail.key') = 'text';
`;
