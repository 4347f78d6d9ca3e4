/**
 * Stories for the verifier's tests: a desk with its people, and what they do there, each thing as an
 * honest desk would log it unless the test says otherwise.
 */
import {
  canonical,
  hex,
  Log,
  newPerson,
  TIME,
  TOKEN,
  uuid,
  type Json,
  type Members,
  type Person,
} from './make-bundle.ts';

export const ALGORITHM = 'RSA_AES_KEY_WRAP_SHA_256';
export const WRAPPING = hex('wrapping key');

/** Changes to one entry: to its detail, to what the people said, to its other members. */
export interface Change {
  by?: Person[];
  detail?: Members;
  said?: Members;
  more?: Members;
}

interface Key {
  id: string;
  /** What its intent planned. */
  planned: Members;
}

const without = (members: Members, ...names: string[]): Members =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));

export class Story {
  readonly log: Log;
  readonly ana = newPerson('administrator');
  readonly ben = newPerson('officer', 'ECDSA-P256');
  readonly cem = newPerson('operator');
  readonly dora = newPerson('operator');
  readonly wit = newPerson('witness');
  /** The module and the token of the desk, once they are there. */
  readonly module = uuid();
  readonly token: Members = { ...TOKEN, label: 'Prüfstand' };
  policies = 0;

  constructor(options: ConstructorParameters<typeof Log>[0] = {}) {
    this.log = new Log(options).genesis({}, { attributes: { CKA_ID: 'c0de', CKA_LABEL: 'log' } });
    this.log.enrol(this.ana).enrol(this.ben);
  }

  /** An entry with acts, changed as the test wants. */
  add(by: Person[], type: string, detail: Members, change: Change = {}): string {
    const { said = {}, more = {} } = change;
    return this.log.addBy(change.by ?? by, type, { ...detail, ...change.detail }, { said, more });
  }

  /** Bytes as evidence, and how an entry names them. */
  evidence(bytes: Buffer): { evidence: Json } {
    this.log.evidence.push(bytes);
    return {
      evidence: [{ sha256: hex(bytes), media: 'application/json', bytes: bytes.length }],
    };
  }

  staff(): this {
    for (const person of [this.cem, this.dora, this.wit]) {
      this.log.enrol(person, [this.ana, this.ben]);
    }
    return this;
  }

  policy(approvals: Json = 2, change: Change = {}): this {
    const version = ++this.policies;
    const paper = Buffer.from(canonical({ approvals, version }));
    const detail = { version, policy_sha256: hex(paper) };
    const more = { ...this.evidence(paper), ...change.more };
    this.add([this.ana, this.ben], 'policy.changed', detail, { ...change, more });
    return this;
  }

  addModule(id = this.module, change: Change = {}): this {
    const facts = { path: '/usr/lib/pkcs11 "2".so', sha256: hex('module'), family: 'softhsm' };
    const detail = { module: id, ...facts, label: 'Prüfstand', settings_sha256: hex('settings') };
    this.add([this.ana, this.ben], 'token.module_added', detail, change);
    return this;
  }

  makeToken(by = [this.ana, this.ben]): this {
    const detail = { module: this.module, token: this.token, training: true };
    this.add(by, 'token.init', detail);
    return this;
  }

  /** Everything that a day needs: staff, a policy, a module and a token whose PIN two people set. */
  open(): this {
    return this.staff().policy().addModule().makeToken();
  }

  at(): Members {
    return { module: this.module, token: this.token };
  }

  /** What is planned of a key, and what is said of it once it is made. */
  plan(changes: Members = {}): Members {
    const key = uuid();
    return {
      key,
      algorithm: 'AES-256',
      label: 'A key',
      purpose: 'wrap',
      extractable: true,
      ckaid: hex(key).slice(0, 32),
      ...this.at(),
      until: TIME,
      ...changes,
    };
  }

  made(planned: Members): Members {
    return {
      ...without(planned, 'until'),
      bits: 256,
      attributes: { CKA_LOCAL: true },
      check: { method: 'X9.24-CMAC', value: '0a0b0c' },
      origin: 'generated',
      control: 'pin-halves',
    };
  }

  /** An intent with its acts, and what became of it. */
  pair(
    by: Person[],
    type: string,
    detail: Members,
    outcome: Members = detail,
    change: Change & { became?: Members } = {},
  ): string {
    const { more, became } = change;
    const corr = this.add(by, type, detail, { ...change, more: { ...more, outcome: 'intent' } });
    const inside = more?.ceremony === undefined ? {} : { ceremony: more.ceremony };
    this.log.add(type, outcome, { ...inside, corr, ...became });
    return corr;
  }

  /** A key, made at the desk unless `change` puts it into a ceremony. */
  key(
    change: Change & {
      type?: string;
      planned?: Members;
      made?: Members;
      lost?: string[];
      became?: Members;
    } = {},
  ): Key {
    const { type = 'key.generate', made, lost = [] } = change;
    const planned = this.plan(change.planned);
    const said = without({ ...this.made(planned), ...made }, ...lost);
    this.pair([this.ana, this.ben], type, planned, said, change);
    return { id: planned.key as string, planned };
  }

  destroy({ id }: Pick<Key, 'id'>, change: Change & { became?: Members } = {}): this {
    const detail = { key: id };
    this.pair([this.ana, this.ben], 'key.destroy', detail, detail, change);
    return this;
  }

  move({ id }: Pick<Key, 'id'>, from: string, to: string, change: Change = {}): this {
    this.add([this.ana, this.ben], 'key.state', { key: id, from, to }, change);
    return this;
  }

  /* -- Exports -------------------------------------------------------------------------------- */

  request({ id }: Pick<Key, 'id'>, change: Change = {}): string {
    const job = uuid();
    const detail = { export: job, key: id, target: 'aws', algorithm: ALGORITHM };
    this.add([this.ana, this.cem], 'byok.requested', detail, change);
    return job;
  }

  load(job: string, change: Change = {}): this {
    const detail = {
      export: job,
      target: 'aws',
      algorithm: ALGORITHM,
      wrapping_spki_sha256: WRAPPING,
      wrapping_bits: 4096,
      valid_to: '2028-02-29T00:00:00.000Z',
      files: [{ role: 'wrapping-key', sha256: hex('file') }],
    };
    this.add([this.cem], 'byok.parameters_loaded', detail, change);
    return this;
  }

  confirm(job: string, change: Change = {}): this {
    const detail = { export: job, wrapping_spki_sha256: WRAPPING };
    this.add([this.ana, this.cem], 'byok.parameters_confirmed', detail, change);
    return this;
  }

  wrap(job: string, { id }: Pick<Key, 'id'>, change: Change & { became?: Members } = {}): this {
    const detail = { key: id, export: job, wrapping_spki_sha256: WRAPPING, ...change.detail };
    this.pair([this.cem, this.ana], 'key.wrap', detail, detail, change);
    return this;
  }

  pack(job: string, { id }: Pick<Key, 'id'>): this {
    const blob = { blob_sha256: hex('blob'), blob_bytes: 9, manifest_sha256: hex('manifest') };
    this.log.add('byok.package_created', { export: job, key: id, ...blob });
    return this;
  }

  answer(job: string, change: Change = {}): this {
    const files = [{ role: 'receipt', sha256: hex('receipt') }];
    this.add([this.cem], 'byok.answered', { export: job, proves: 'arrived', files }, change);
    return this;
  }

  /** All of it, up to where a package could be made. */
  confirmed(key: Pick<Key, 'id'>): string {
    const job = this.request(key);
    this.load(job).confirm(job);
    return job;
  }

  /* -- Ceremonies ----------------------------------------------------------------------------- */

  /** Who sits where, and the steps of most ceremonies here. The third can't be taken back. */
  paper(changes: Members = {}): Buffer {
    return Buffer.from(
      canonical({
        title: `Ceremony ${uuid()}`,
        seats: [
          { seat: 'administrator', person: this.ana.id },
          { seat: 'officer', person: this.ben.id },
          { seat: 'operator', person: this.cem.id },
        ],
        substitutes: [{ seat: 'operator', person: this.dora.id }],
        steps: [
          { id: '1', kind: 'token.check', seats: ['operator'], irreversible: false },
          {
            ...{ id: '2', kind: 'component.enter', irreversible: false },
            seats: ['administrator', 'operator'],
          },
          {
            ...{ id: '3', kind: 'key.generate', irreversible: true },
            seats: ['administrator', 'officer'],
          },
          { id: '4', kind: 'compare', seats: ['officer', 'operator'], irreversible: false },
          {
            ...{ id: '5', kind: 'agree', irreversible: false },
            seats: ['administrator', 'officer', 'operator'],
          },
        ],
        ...changes,
      }),
    );
  }

  define(paper: Buffer): string {
    const definition = hex(paper);
    const detail = { definition_sha256: definition, title: 'A key', template: 'key' };
    this.add([this.ana], 'ceremony.define', detail, { more: this.evidence(paper) });
    return definition;
  }

  approve(definition: string, by: Person[] = [this.ana, this.cem]): this {
    for (const person of by) {
      this.add([person], 'ceremony.approve', { definition_sha256: definition });
    }
    return this;
  }

  /** Defined, approved and armed. */
  ceremony({ paper = this.paper() }: { paper?: Buffer } = {}): Ceremony {
    const definition = this.define(paper);
    this.approve(definition);
    return this.arm(definition);
  }

  arm(definition: string, change: Change = {}): Ceremony {
    const ceremony = { id: hex(uuid()).slice(0, 32), definition_sha256: definition };
    const detail = { definition_sha256: definition };
    const more = { ceremony, ...change.more };
    this.add([this.ben], 'ceremony.arm', detail, { ...change, more });
    return new Ceremony(this, more.ceremony);
  }
}

/** A ceremony that was armed, on the definition of `Story.paper`. */
export class Ceremony {
  readonly story: Story;
  readonly named: Members;
  readonly attempts = new Map<string, number>();
  operator: Person;

  constructor(story: Story, named: Members) {
    this.story = story;
    this.named = named;
    this.operator = story.cem;
  }

  /** The members of an entry here, at a step or at none. */
  more(step?: string): { ceremony: Members } {
    return { ceremony: step === undefined ? this.named : { ...this.named, step } };
  }

  /** An entry here. */
  add(by: Person[], type: string, detail: Members, change: Change & { step?: string } = {}): this {
    const { step, more } = change;
    this.story.add(by, type, detail, { ...change, more: { ...this.more(step), ...more } });
    return this;
  }

  people(step: string): Person[] {
    const { ana, ben } = this.story;
    return {
      '1': [this.operator],
      '2': [ana, this.operator],
      '3': [ana, ben],
      '4': [ben, this.operator],
      '5': [ana, ben, this.operator],
    }[step]!;
  }

  kind(step: string): string {
    const kinds = ['token.check', 'component.enter', 'key.generate', 'compare', 'agree'];
    return kinds[Number(step) - 1]!;
  }

  detail(step: string): Members {
    const attempt = (this.attempts.get(step) ?? 0) + 1;
    this.attempts.set(step, attempt);
    return { step, attempt, kind: this.kind(step) };
  }

  /** Steps that are done as they are said, by everyone who sits at them. */
  steps(...steps: string[]): this {
    for (const step of steps) this.step(step);
    return this;
  }

  step(step: string, change: Change = {}): this {
    return this.add(this.people(step), 'ceremony.step', this.detail(step), { step, ...change });
  }

  /** The step at which the desk makes a key, with the key. */
  makeKey(change: Parameters<Story['key']>[0] = {}): Key {
    const { story } = this;
    const detail = this.detail('3');
    const more = this.more('3');
    const by = this.people('3');
    const corr = story.add(by, 'ceremony.step', detail, { more: { ...more, outcome: 'intent' } });
    const key = story.key({ by, more, ...change });
    story.log.add('ceremony.step', { ...detail, observed: 'a key' }, { ...more, corr });
    return key;
  }

  release(key: Pick<Key, 'id'>, change: Change = {}): this {
    const detail = { key: key.id, from: 'quarantine', to: 'active' };
    return this.add(this.people('4'), 'key.state', detail, { step: '4', ...change });
  }

  speak(person: Person, verb: 'agree' | 'disagree' = 'agree', change: Change = {}): this {
    return this.add([person], `ceremony.${verb}`, { person: person.id }, { step: '5', ...change });
  }

  /** Each speaks, and the last of them ends the step. */
  agree(...dissenters: Person[]): this {
    const people = this.people('5');
    for (const person of people) {
      this.speak(person, dissenters.includes(person) ? 'disagree' : 'agree');
    }
    return this.step('5', { by: people.slice(-1) });
  }

  exception(change: Change = {}): this {
    const { ana, ben } = this.story;
    const words = { expected: 'x', observed: 'y', decision: 'z' };
    return this.add([ana, ben], 'ceremony.exception', { number: 1, step: '1', ...words }, change);
  }

  close(change: Change = {}): this {
    const { ana, ben } = this.story;
    const detail = { verdict: 'AGREED', exceptions: 0, agreed: 3, disagreed: 0 };
    return this.add([ana, ben], 'ceremony.close', detail, change);
  }

  /** Everything up to the close, honestly. */
  run(): Key {
    this.steps('1', '2');
    const key = this.makeKey();
    this.release(key).steps('4').agree();
    return key;
  }

  /** The intent of its end; returns its id. */
  abort(change: Change = {}): string {
    const detail = { because: 'the token broke' };
    const more = { ...this.more(), outcome: 'intent', ...change.more };
    return this.story.add([this.story.ana], 'ceremony.abort', detail, { ...change, more });
  }
}

/** Genesis and two founders. */
export const begin = (options: ConstructorParameters<typeof Log>[0] = {}): Story =>
  new Story(options);

/** A long story: everything that a desk does, an exception and a substitute among it. */
export function tell(options: ConstructorParameters<typeof Log>[0] = {}): Story {
  const story = begin(options).open();
  const { log, ana, ben, cem, dora } = story;
  log.add('app.start', { build: hex('build'), epoch: 1, sealed: 3, unsealed: 2 });
  log.add('session.login_failed', { what: 'token', token: TOKEN }, { reason: 'CKR_PIN_INCORRECT' });
  story.add([ana, ben], 'token.module_approved', { module: story.module, sha256: hex('module') });

  const ceremony = story.ceremony();
  ceremony.steps('1', '2');
  ceremony.exception({
    detail: { step: '2', substitute: { person: dora.id, seat: 'operator' }, objects: ['a card'] },
  });
  ceremony.operator = dora;
  ceremony.add([ben], 'ceremony.pause', { why: 'lunch' }).add([ana], 'ceremony.resume', {});
  ceremony.steps('2'); // again, before what can't be taken back
  const key = ceremony.makeKey();
  ceremony.release(key).steps('4').agree(ben);
  ceremony.close({ detail: { verdict: 'DISPUTED', exceptions: 1, agreed: 2, disagreed: 1 } });

  const job = story.confirmed(key);
  story.wrap(job, key, { became: { outcome: 'failure', reason: 'CKR_DEVICE_ERROR' } });
  story.wrap(job, key).pack(job, key).answer(job);
  story.move(key, 'active', 'compromised').destroy(key);

  log.addBy([ana, ben], 'person.left', { person: cem.id, why: 'moved on' });
  log.add('audit.exported', { size: log.size, root: log.root() });
  log.add('session.logout', { person: ana.id }, { clock: { boot_ms: 12, step_ms: -3 } });
  return story;
}
