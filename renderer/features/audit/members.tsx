/** Shows any member of an entry: with a label where there is one, else by its own name. */
import type { ReactNode } from 'react';
import { useDesk } from '../../app/desk-store.ts';
import { Short, Time } from '../../ui/text.tsx';
import { isUuid, obj, type EntryData } from './entry.ts';

const LABELS: Readonly<Record<string, string>> = {
  algorithm: 'Algorithm',
  agreed: 'Agreed',
  alg: 'Algorithm',
  attempt: 'Attempt',
  attributes: 'Attributes, as read back',
  because: 'Because',
  bits: 'Bits',
  blob_bytes: 'Package’s bytes',
  blob_sha256: 'Package’s SHA-256',
  boot_ms: 'Since the computer started, ms',
  build: 'Build',
  bytes: 'Bytes',
  check: 'Check value',
  ckaid: 'CKA_ID',
  commitment: 'Commitment',
  control: 'Control',
  decision: 'Decision',
  definition_sha256: 'Definition’s SHA-256',
  disagreed: 'Disagreed',
  ceremony: 'Ceremony',
  entries: 'Entries',
  evidence: 'Evidence, by its hash',
  epoch: 'Start number of the service',
  exceptions: 'Exceptions',
  expected: 'Expected',
  export: 'Export',
  extractable: 'Extractable',
  family: 'Family',
  fp: 'Fingerprint',
  gone: 'Nothing is left of it',
  grade: 'Grade',
  id: 'Id',
  index: 'Number',
  installation: 'Installation',
  key: 'Key',
  key_ref: 'Provider’s key',
  kind: 'Kind',
  label: 'Label',
  manifest_sha256: 'Manifest’s SHA-256',
  manufacturer: 'Manufacturer',
  mechanism: 'Mechanism',
  media: 'Form',
  method: 'Method',
  mode: 'Mode',
  model: 'Model',
  module: 'Library',
  name_sha256: 'Salted SHA-256 of the name',
  number: 'Number',
  objects: 'Objects',
  observed: 'Observed',
  of: 'Of',
  origin: 'Origin',
  parameters_sha256: 'Parameters’ SHA-256',
  path: 'Path',
  person: 'Person',
  policy_sha256: 'Policy’s SHA-256',
  purpose: 'Purpose',
  reason: 'Reason',
  recovered: 'Settled after an interruption',
  role: 'Role',
  root: 'Root',
  sealed: 'Sealed up to',
  serial: 'Serial number',
  serials: 'Envelopes',
  sha256: 'SHA-256',
  sheet_sha256: 'Capability sheet’s SHA-256',
  since: 'Since',
  size: 'Size',
  spki: 'Public key',
  spki_sha256: 'Public key’s SHA-256',
  step: 'Step',
  step_ms: 'Jump, ms',
  target: 'Provider',
  template: 'Template',
  title: 'Title',
  token: 'Token',
  token_sha256: 'Import token’s SHA-256',
  training: 'For training',
  unsealed: 'Unsealed',
  valid_to: 'Valid to',
  value: 'Value',
  verdict: 'Verdict',
  version: 'Version',
  was: 'Was',
  what: 'What',
  why: 'Why',
  wrapping_bits: 'Wrapping key’s bits',
  wrapping_spki_sha256: 'Wrapping key’s SHA-256',
};
export const labelOf = (name: string): string =>
  Object.hasOwn(LABELS, name) ? (LABELS[name] ?? name) : name;

export const PersonName = ({ id }: { id: string }) => {
  const person = useDesk((desk) => desk.people).find((known) => known.id === id);
  if (id === 'desk') return <>the desk</>;
  return person === undefined ? (
    <Short value={id} label="person’s id" />
  ) : (
    <a href={`#/people/${id}`}>{person.name}</a>
  );
};

const Text = ({ name, value }: { name: string; value: string }) => {
  if (name === 'person') return <PersonName id={value} />;
  if (isUuid(value) && name === 'key') return <a href={`#/keys/${value}`}>{value}</a>;
  if (isUuid(value) && name === 'export') return <a href={`#/exports/${value}`}>{value}</a>;
  if (/^[2-9]\d{3}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return <Time at={value} />;
  if (
    /^[0-9a-f]{33,}$/.test(value) ||
    (/^[A-Za-z0-9+/]{40,}={0,2}$/.test(value) && name !== 'label')
  )
    return <Short value={value} keep={12} label={labelOf(name)} />;
  return /^(CK[A-Z]_|[0-9a-f]{4,}$)/.test(value) || isUuid(value) ? (
    <span className="mono">{value}</span>
  ) : (
    value
  );
};

/** Numbers of PKCS #11 that are shown with their names. */
const NAMES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  CKA_CLASS: { 2: 'CKO_PUBLIC_KEY', 3: 'CKO_PRIVATE_KEY', 4: 'CKO_SECRET_KEY' },
  CKA_KEY_TYPE: {
    0x00: 'CKK_RSA',
    0x03: 'CKK_EC',
    0x10: 'CKK_GENERIC_SECRET',
    0x1f: 'CKK_AES',
    0x40: 'CKK_EC_EDWARDS',
  },
  CKA_KEY_GEN_MECHANISM: {
    0x0000: 'CKM_RSA_PKCS_KEY_PAIR_GEN',
    0x0350: 'CKM_GENERIC_SECRET_KEY_GEN',
    0x1040: 'CKM_EC_KEY_PAIR_GEN',
    0x1055: 'CKM_EC_EDWARDS_KEY_PAIR_GEN',
    0x1080: 'CKM_AES_KEY_GEN',
  },
};

const Value = ({ name, value }: { name: string; value: unknown }): ReactNode => {
  switch (typeof value) {
    case 'boolean':
      return value ? 'yes' : 'no';
    case 'number':
      return NAMES[name]?.[value] === undefined ? String(value) : `${value}, ${NAMES[name][value]}`;
    case 'string':
      return value === '' ? 'empty' : <Text name={name} value={value} />;
    default:
      if (Array.isArray(value) && typeof value[0] === 'object')
        return value.map((item, at) => <Members key={at} of={obj(item)} />);
      if (Array.isArray(value))
        return (
          <ul>
            {value.map((item, at) => (
              <li key={at}>
                <Value name={name} value={item as unknown} />
              </li>
            ))}
          </ul>
        );
      return <Members of={obj(value)} />;
  }
};

/** All members of an object except those shown elsewhere. */
export const Members = ({ of, but = [] }: { of: EntryData; but?: readonly string[] }) => {
  const rows = Object.entries(of)
    .filter(([name]) => !but.includes(name))
    .sort(([a], [b]) => Number(a === 'attributes') - Number(b === 'attributes'));
  if (rows.length === 0) return <>nothing more</>;
  return (
    <dl className="audit-members">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt className={name.startsWith('CKA_') ? 'mono' : undefined}>{labelOf(name)}</dt>
          <dd className={name === 'attributes' ? 'wide' : undefined}>
            <Value name={name} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
};
