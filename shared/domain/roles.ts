/** The roles of people at a desk. Apart from people.ts, so that the log's shapes need no schema library. */
export const ROLES = [
  'administrator',
  'officer',
  'operator',
  'custodian',
  'witness',
  'auditor',
] as const;
