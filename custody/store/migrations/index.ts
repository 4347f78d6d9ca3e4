/** Migrations in order. The database's user_version is how many have run. */
import { sql as firstDesk } from './0001-first-desk.ts';
import { sql as keyEntries } from './0002-key-entries.ts';

export const migrations: readonly { name: string; sql: string }[] = [
  { name: '0001-first-desk', sql: firstDesk },
  { name: '0002-key-entries', sql: keyEntries },
];
