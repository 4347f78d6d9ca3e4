/** A definition drafted from the template that ships with Keymoot, and entries of a ceremony on it built by hand. */
import { readFileSync } from 'node:fs';
import type { Definition, DraftParameters } from '../../../shared/domain/ceremonies.ts';
import type { Role } from '../../../shared/domain/people.ts';
import { DEFAULT_POLICY } from '../../../shared/domain/policy.ts';
import type { Entry, EntryType } from '../../../shared/log/entries.ts';
import type { Act } from '../../../shared/log/statement.ts';
import { envelope, statementBytes } from '../../../custody/core/audit/statement.ts';
import type { Surroundings } from '../../../custody/core/ceremonies/definition.ts';
import { expandTemplate } from '../../../custody/core/ceremonies/draft.ts';
import { Template } from '../../../custody/core/ceremonies/template.ts';

export const templateJson = (): Record<string, unknown> =>
  JSON.parse(
    readFileSync(
      new URL('../../../resources/ceremonies/form-key-from-components.json', import.meta.url),
      'utf8',
    ),
  ) as Record<string, unknown>;
export const TEMPLATE = Template.parse(templateJson());

export const person = (name: string): string => `0198c0de-0000-7000-8000-0000000000${name}`;
const ROLES = new Map<string, Role>([
  [person('a1'), 'administrator'],
  ...Array.from({ length: 9 }, (_, at) => [person(`c${at + 1}`), 'custodian'] as const),
  [person('b1'), 'witness'],
]);
export const HERE: Surroundings = {
  log: 'keymoot.example/0198c0de-0000-7000-8000-000000000001/rehearsal',
  mode: 'rehearsal',
  policySha256: '00'.repeat(32),
  policy: DEFAULT_POLICY,
  roleOf: (id) => ROLES.get(id),
  knowsModule: (id) => id === person('d1'),
  template: TEMPLATE,
};

export const custodians = (count: number): DraftParameters['seats'] =>
  Array.from({ length: count }, (_, at) => ({
    seat: `custodian-${at + 1}`,
    person: person(`c${at + 1}`),
  }));
export const parameters = (count = 3): DraftParameters => ({
  label: 'zone-master-key-1',
  expected: { value: '0000000000' },
  at: {
    module: person('d1'),
    token: {
      manufacturer: 'SoftHSM project',
      model: 'SoftHSM v2',
      serial: '0000000000000000',
      label: 'ceremony',
    },
  },
  seats: [
    { seat: 'administrator', person: person('a1') },
    ...custodians(count),
    { seat: 'witness', person: person('b1') },
  ],
  substitutes: [],
});

export const sample = (): Definition => expandTemplate(TEMPLATE, parameters(), HERE);
export const ID = 'c0de'.repeat(8);
export const SHA = 'ab'.repeat(32);

/** What a person says when they act. Nobody's signature is looked at here: that is the ledger's. */
const said = (person: string): Act => ({
  ...{ v: 1, kind: 'act', log: HERE.log, person },
  head: { size: 0, root: Buffer.alloc(32).toString('base64') },
  subject: { type: 'ceremony.step', sha256: SHA },
  ...{ time: '2026-01-01T00:00:00.000Z', channel: 'ceremonies.step' },
  ...{ input_sha256: SHA, nonce: '0f'.repeat(16) },
});

let seq = 0;
export const entry = (
  type: EntryType,
  detail: unknown,
  more: Partial<Entry> & { by?: string[] } = {},
): Entry => {
  const { by = [], ...rest } = more;
  seq += 1;
  return {
    v: 1,
    log: 'x',
    seq,
    id: `0198c0de-0000-7000-8000-${String(seq).padStart(12, '0')}`,
    time: new Date(1_767_000_000_000 + seq * 1000).toISOString(),
    type,
    outcome: 'success',
    actor: { id: 'desk', role: 'desk', auth: 'none' },
    where: { host: 'unit' },
    app: { version: '0' },
    ceremony: { id: ID, definition_sha256: SHA },
    detail,
    acts: by.map((person) => envelope(statementBytes(said(person)), SHA, new Uint8Array(64))),
    ...rest,
  } as Entry;
};
