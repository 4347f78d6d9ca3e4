/** One entry of each type with everything that it may say, in the words of the format page. */
import { generateKeyPairSync, hash } from 'node:crypto';
import type { EntryType } from '../../../shared/log/entries.ts';
import { PAYLOAD_TYPE } from '../../../shared/log/shapes.ts';

export type Members = Record<string, unknown>;

const spki = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'der',
  type: 'spki',
});
const key = { alg: 'ECDSA-P256', spki: spki.toString('base64'), sha256: hash('sha256', spki) };
const H = 'ab'.repeat(32);
const id = (n: number): string => `0198c0de-0000-7000-8000-${String(n).padStart(12, '0')}`;
const TIME = '2028-12-31T23:59:59.999Z';
const token = { manufacturer: 'Example', model: '', serial: '00 1', label: 'Desk-1 (spare)' };
const attributes = { CKA_ID: '0a0b', CKA_LABEL: '', CKA_MODULUS_BITS: 4096, CKA_SENSITIVE: true };
export const envelope = {
  payload: 'e30=',
  payloadType: PAYLOAD_TYPE,
  signatures: [{ keyid: H, sig: 'AAAA' }],
};
const anyKey = {
  ...{ key: id(1), algorithm: 'AES-256', bits: 256, label: 'A key', purpose: 'wrap' },
  ...{ extractable: false, ckaid: '0a0b', token, attributes },
  check: { method: 'X9.24-CMAC', value: '0a0b0c' },
  ...{ spki_sha256: H, origin: 'generated', control: 'pin-halves', grade: 'A' },
  ...{ mechanism: 'CKM_AES_KEY_GEN', wrapping_spki_sha256: H, export: id(2), recovered: true },
  ...{
    replaces: id(7),
    objects: 2,
    module: id(4),
    p11: { method: 'P11-CHECK', value: '0a0b0c' },
    until: TIME,
  },
};
const share = {
  ...{ set: id(8), index: 1, group: 0, commitment: H, person: id(3), serial: 'A1' },
};
const session = { person: id(3), why: 'asked for' };
const module = { module: id(4), sha256: H, was: H };
const opinion = { person: id(3), because: 'all as it should be' };

export const DETAIL: Record<EntryType, Members> = {
  'log.genesis': { installation: id(9), mode: 'production', key, token, attributes },
  'log.checkpoint': { entries: 0, since: TIME },
  'log.key': { key, token, attributes },
  'app.start': { build: H, epoch: 1, sealed: 3, unsealed: 0 },
  'clock.changed': { step_ms: -1200 },
  'session.login': session,
  'session.logout': session,
  'session.login_failed': { what: 'passphrase', person: id(3), token },
  'person.enrolled': { person: id(3), role: 'officer', key, name_sha256: H, statement: envelope },
  'person.role_changed': { person: id(3), role: 'auditor' },
  'person.left': { person: id(3), why: 'moved on' },
  'policy.changed': { version: 2, policy_sha256: H },
  'token.module_added': {
    ...{ module: id(4), path: '/usr/lib/x.so', sha256: H },
    family: 'nss',
    label: 'x',
    settings_sha256: H,
  },
  'token.module_changed': module,
  'token.module_approved': module,
  'token.init': { module: id(4), token, training: true },
  'token.module_moved': {
    ...{ module: id(4), path: '/opt/x.so', sha256: H, settings_sha256: H, was: '/usr/lib/x.so' },
  },
  'token.relinked': { module: id(4), token, was: { module: id(5), token } },
  'token.probed': { module: id(4), token, sheet_sha256: H },
  'key.generate': anyKey,
  'key.import': anyKey,
  'key.wrap': anyKey,
  'key.destroy': anyKey,
  'key.use': {
    ...{ key: id(1), what: 'a certificate', mechanism: 'CKM_ECDSA', input_sha256: H },
    ...{ output_sha256: H, recovered: true, until: TIME },
  },
  'key.state': { key: id(1), from: 'active', to: 'suspended', because: 'an audit' },
  'component.issue': {
    ...{ index: 1, of: 3, commitment: H, serial: 'A1', person: id(3) },
    check: { method: 'LEGACY-ZERO', value: 'ab12' },
  },
  'component.receive': {
    ...{ index: 1, of: 3, attempt: 1, commitment: H, serial: 'A1', person: id(3) },
    check: { method: 'LEGACY-ZERO', value: 'ab12' },
  },
  'component.destroy': { serials: ['A1', 'A2'] },
  'share.issue': { ...share, of: 3, threshold: 2 },
  'share.receive': { ...share, attempt: 1 },
  'share.confirm': { ...share, attempt: 1 },
  'share.destroy': { set: id(8), serials: ['A1', 'A2'] },
  'envelope.state': {
    ...{ serial: 'A1', state: 'in the safe', person: id(3), place: 'vault 2', because: 'x' },
  },
  'ceremony.define': { definition_sha256: H, title: 'A master key', template: 'master' },
  'ceremony.approve': { definition_sha256: H },
  'ceremony.arm': { definition_sha256: H },
  'ceremony.step': {
    ...{ step: 's1', attempt: 1, kind: 'compare', observed: '0a0b0c' },
    input: { check: '0a0b0c', serials: ['A1', 'A2'], component: 1, agreed: true },
  },
  'ceremony.exception': {
    ...{ number: 1, step: 's1', expected: 'x', observed: 'y', decision: 'go on' },
    substitute: { person: id(3), seat: 'custodian-1' },
    objects: ['a', 'b'],
  },
  'ceremony.pause': { why: 'lunch' },
  'ceremony.resume': { why: 'after lunch' },
  'ceremony.agree': opinion,
  'ceremony.disagree': opinion,
  'ceremony.abort': { because: 'the token broke', gone: true, objects: 1 },
  'ceremony.close': { verdict: 'AGREED', exceptions: 0, agreed: 3, disagreed: 0 },
  'byok.requested': {
    ...{ export: id(2), key: id(1), target: 'anywhere', algorithm: 'RSA_AES', batch: id(6) },
  },
  'byok.parameters_loaded': {
    ...{ export: id(2), target: 'anywhere', key_ref: 'their key 1', algorithm: 'RSA_AES' },
    ...{ wrapping_spki_sha256: H, wrapping_bits: 4096, valid_to: TIME },
    files: [
      { role: 'parameters', sha256: H },
      { role: 'import-token', sha256: H },
    ],
  },
  'byok.parameters_confirmed': { export: id(2), wrapping_spki_sha256: H },
  'byok.package_created': {
    ...{ export: id(2), key: id(1), blob_sha256: H, blob_bytes: 512, manifest_sha256: H },
  },
  'byok.answered': {
    ...{ export: id(2), proves: 'same-key', note: 'their check value' },
    files: [{ role: 'answer', sha256: H }],
  },
  'byok.expired': { export: id(2) },
  'audit.exported': { size: 4, root: Buffer.alloc(32, 9).toString('base64') },
};
export const TYPES = Object.keys(DETAIL) as EntryType[];

export const FRAME: Members = {
  v: 1,
  log: `keymoot.local/${id(9)}/rehearsal`,
  seq: 12,
  id: id(12),
  time: '2026-11-22T14:05:00.000Z',
  outcome: 'success',
  actor: { id: id(3), role: 'operator', auth: 'card' },
  where: { host: 'desk-1', token_serial: '0011', slot: 3 },
  app: { version: '0.1.0' },
};
export const EXTRAS: Members = {
  reason: 'CKR_DEVICE_ERROR',
  target: { kind: 'key', label: 'A key', ckaid: '0a0b', fp: 'SHA256:x' },
  ceremony: { id: 'cd'.repeat(16), definition_sha256: H, step: 's1' },
  corr: id(11),
  clock: { boot_ms: 5, step_ms: -5 },
};
export const HEAVY: Members = {
  evidence: [{ sha256: H, media: 'application/json', bytes: 3 }],
  acts: [envelope],
};
export const sample = (type: EntryType, more: Members = EXTRAS): Members => ({
  ...FRAME,
  ...more,
  type,
  detail: DETAIL[type],
});
