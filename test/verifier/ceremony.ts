/**
 * A whole story for the verifier's tests: a desk with two founders, a third person, a policy, a
 * ceremony that makes a key, an export to a cloud, and an end.
 */
import {
  canonical,
  hex,
  Log,
  newPerson,
  TOKEN,
  uuid,
  type Members,
  type Person,
} from './make-bundle.ts';

export interface Story {
  log: Log;
  ana: Person;
  ben: Person;
  cem: Person;
  ceremony: Members;
  definition: string;
  /** The definition's bytes. */
  paper: Buffer;
}

const WRAPPING = hex('wrapping key');

/** Genesis and two founders. */
export function begin(options: ConstructorParameters<typeof Log>[0] = {}): Story {
  const log = new Log(options).genesis();
  const ana = newPerson('administrator');
  const ben = newPerson('officer', 'ECDSA-P256');
  const cem = newPerson('operator');
  log.enrol(ana).enrol(ben);
  const paper = Buffer.from(
    canonical({
      title: 'A master key',
      seats: [
        { seat: 'administrator', person: ana.id },
        { seat: 'officer', person: ben.id },
        { seat: 'operator', person: cem.id },
      ],
      substitutes: [],
      steps: [
        { id: 's1', kind: 'token.check', seats: ['operator'], text: 'Look.' },
        { id: 's2', kind: 'compare', seats: ['administrator', 'operator'], text: 'Compare.' },
        { id: 's3', kind: 'agree', seats: ['administrator', 'officer'], text: 'Speak.' },
      ],
    }),
  );
  const definition = hex(paper);
  const ceremony = { id: hex('ceremony').slice(0, 32), definition_sha256: definition };
  return { log, ana, ben, cem, ceremony, definition, paper };
}

/** The same with everything that a desk does in a day. */
export function tell(options: ConstructorParameters<typeof Log>[0] = {}): Story {
  const story = begin(options);
  const { log, ana, ben, cem } = story;
  log.enrol(cem, [ana, ben]);
  const policy = Buffer.from(canonical({ four: 'eyes' }));
  log.evidence.push(policy);
  log.addBy(
    [ana, ben],
    'policy.changed',
    { version: 1, policy_sha256: hex(policy) },
    {
      said: { subject: { kind: 'policy', sha256: hex(policy) } },
      more: {
        evidence: [{ sha256: hex(policy), media: 'application/json', bytes: policy.length }],
      },
    },
  );
  log.add('app.start', { build: hex('build'), epoch: 1, sealed: 3, unsealed: 2 });
  log.add('session.login_failed', { what: 'token', token: TOKEN }, { reason: 'CKR_PIN_INCORRECT' });
  addModule(story);
  addCeremony(story);
  addExport(story);
  log.addBy(
    [ana, ben],
    'person.left',
    { person: cem.id, why: 'moved on' },
    {
      said: { subject: { kind: 'person', sha256: hex(cem.id) } },
    },
  );
  log.add('audit.exported', { size: log.size, root: log.root() });
  log.add('app.stop', {}, { clock: { boot_ms: 12, step_ms: -3 } });
  return story;
}

function addModule({ log, ana, ben }: Story): void {
  const module = uuid();
  const sha256 = hex('module');
  const facts = {
    path: '/usr/lib/pkcs11 "2".so',
    sha256,
    family: 'softhsm',
    label: 'Prüfstand',
    settings_sha256: hex('settings'),
  };
  log.addBy(
    [ana, ben],
    'token.module_added',
    { module, ...facts },
    { said: { subject: { kind: 'module', sha256: hex(canonical(facts)) } } },
  );
  log.addBy(
    [ana, ben],
    'token.module_approved',
    { module, sha256 },
    {
      said: { subject: { kind: 'module', sha256 } },
    },
  );
}

/** Defined: its paper is evidence from then on. */
export function define({ log, ana, definition, paper }: Story): void {
  log.evidence.push(paper);
  log.addBy(
    [ana],
    'ceremony.define',
    { definition_sha256: definition, title: 'A master key', template: 'master' },
    {
      said: { subject: { kind: 'definition', sha256: definition } },
      more: {
        evidence: [{ sha256: definition, media: 'application/json', bytes: paper.length }],
      },
    },
  );
}

export function arm(story: Story): void {
  const { log, ana, ben, cem, ceremony, definition } = story;
  define(story);
  const detail = { definition_sha256: definition };
  const said = { subject: { kind: 'definition', sha256: definition } };
  log.addBy([ana], 'ceremony.approve', detail, { said });
  log.addBy([cem], 'ceremony.approve', detail, { said });
  log.addBy([ben], 'ceremony.arm', detail, { said, more: { ceremony } });
}

function addCeremony(story: Story): void {
  const { log, ana, ben, cem, ceremony } = story;
  arm(story);
  const more = { ceremony };
  addTokenCheck(story);
  const key = uuid();
  const corr = log.addBy(
    [ana, ben],
    'key.generate',
    { key, algorithm: 'AES', bits: 256 },
    {
      said: { ceremony },
      more: { ceremony, outcome: 'intent' },
    },
  );
  const check = { method: 'X9.24-CMAC', value: '0a0b0c' };
  log.add('key.generate', { key, check, origin: 'generated', grade: 'A' }, { ceremony, corr });
  log.addBy(
    [ana, cem],
    'ceremony.step',
    { step: 's2', attempt: 1, kind: 'compare' },
    {
      said: { ceremony: { ...ceremony, step: 's2' } },
      more: { ceremony: { ...ceremony, step: 's2' } },
    },
  );
  for (const who of [ana, ben]) {
    log.addBy([who], 'ceremony.agree', { person: who.id }, { said: { ceremony }, more });
  }
  log.addBy(
    [ben],
    'ceremony.step',
    { step: 's3', attempt: 1, kind: 'agree' },
    { said: { ceremony: { ...ceremony, step: 's3' } }, more },
  );
  const close = { verdict: 'AGREED', exceptions: 0, agreed: 2, disagreed: 0 };
  log.addBy([ana, cem], 'ceremony.close', close, { said: { ceremony }, more });
}

/** A step that the desk carries out: a person starts it, and its outcome is covered by their act. */
function addTokenCheck({ log, cem, ceremony }: Story): void {
  const step = { step: 's1', attempt: 1, kind: 'token.check' };
  const said = { ceremony: { ...ceremony, step: 's1' } };
  const more = { ceremony, outcome: 'intent' };
  const corr = log.addBy([cem], 'ceremony.step', step, { said, more });
  log.add('ceremony.step', step, { ceremony, corr });
}

function addExport({ log, ana, cem }: Story): void {
  const id = uuid();
  const key = uuid();
  log.addBy(
    [ana, cem],
    'byok.requested',
    { export: id, key, target: 'aws', algorithm: 'RSA_AES_KEY_WRAP_SHA_256' },
    { said: { subject: { kind: 'key', sha256: hex(key) } } },
  );
  log.addBy([cem], 'byok.parameters_loaded', {
    export: id,
    target: 'aws',
    key_ref: 'arn:example',
    algorithm: 'RSA_AES_KEY_WRAP_SHA_256',
    wrapping_spki_sha256: WRAPPING,
    wrapping_bits: 4096,
    valid_to: '2028-02-29T00:00:00.000Z',
    token_sha256: hex('token'),
    parameters_sha256: hex('parameters'),
  });
  const confirmed = { export: id, wrapping_spki_sha256: WRAPPING };
  log.addBy([ana, cem], 'byok.parameters_confirmed', confirmed, {
    said: { subject: { kind: 'export', sha256: WRAPPING } },
  });
  const corr = log.addBy(
    [cem, ana],
    'key.wrap',
    { key, export: id },
    { more: { outcome: 'intent' } },
  );
  log.add(
    'key.wrap',
    { key, export: id },
    { outcome: 'failure', reason: 'CKR_DEVICE_ERROR', corr },
  );
}
