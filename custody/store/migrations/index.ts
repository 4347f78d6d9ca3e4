/** Migrations in order. The database's user_version counts those that have run (schema.ts). */
import { sql as firstDesk } from './0001-first-desk.ts';

export const migrations: readonly { name: string; sql: string }[] = [
  { name: '0001-first-desk', sql: firstDesk },
];
