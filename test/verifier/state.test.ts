/**
 * Forgeries that hash, sign and parse: what a desk could not have written, and what people did not
 * agree to. Sections 5, 11, 12 and 13 of the format page. Each is told twice, honestly and with one
 * lie; whoever forges has the keys of the people whose acts stand in the entry.
 */
import { describe, expect, it } from 'vitest';
import { ALGORITHM, begin, tell, WRAPPING, type Ceremony, type Story } from './ceremony.ts';
import { change, lay, results, verify } from './harness.ts';
import {
  agreedTo,
  canonical,
  hex,
  keyObject,
  Log,
  newKey,
  TOKEN,
  uuid,
  type Members,
  type Person,
} from './make-bundle.ts';

/** Tells it, with the lie or without. The lie is in the last entry, or in the one whose index is returned. */
type Tell = (story: Story, lies: boolean) => number | undefined;

const when = <T>(lies: boolean, lie: T): T | Record<string, never> => (lies ? lie : {});
const LONG_AGO = '2001-11-22T14:05:00.000Z';
const DECADES_MS = 788_918_400_000;
const otherUuid = uuid();

const use = (story: Story, key: string): void => {
  story.pair([story.ana, story.cem], 'key.use', used(key));
};

/** Until every step is done but the last, and nobody has spoken. */
const untilAgreed = (story: Story): Ceremony => {
  const ceremony = story.ceremony();
  ceremony.steps('1', '2');
  ceremony.release(ceremony.makeKey()).steps('4');
  return ceremony;
};

const STATE: Record<string, Tell> = {
  /* -- Time, policy, modules -- */
  'a clock that goes back 25 years without a word': ({ log }, lies) => {
    log.add('clock.changed', { step_ms: lies ? 0 : -DECADES_MS }, { time: LONG_AGO });
  },
  'a clock that goes back further than it says': ({ log }, lies) => {
    const step_ms = -DECADES_MS + (lies ? 20_000 : 5_000);
    log.add('clock.changed', { step_ms }, { time: LONG_AGO });
  },
  'a step of the clock said by another entry': ({ log }, lies) => {
    if (!lies) log.add('clock.changed', { step_ms: -DECADES_MS }, { time: LONG_AGO });
    log.add('log.checkpoint', { entries: 1, since: LONG_AGO }, { time: LONG_AGO });
  },
  'a policy that leaves a version out': (story, lies) => {
    story.policy(2, { detail: when(lies, { version: story.policies + 2 }) });
  },
  'a module that is added twice': (story, lies) => {
    const module = uuid();
    story.addModule(module).addModule(lies ? module : uuid());
  },
  'a module that is added again in vain': (story, lies) => {
    const module = uuid();
    story.addModule(module).addModule(lies ? module : uuid(), { more: { outcome: 'failure' } });
  },
  'a token on a module that was not added': (story, lies) => {
    const detail = { module: lies ? uuid() : story.module, token: TOKEN, training: true };
    story.log.add('token.init', detail);
  },
  'a key on a module that was not added': (story, lies) => {
    story.key({ planned: when(lies, { module: otherUuid }), made: { control: 'single-control' } });
    return lies ? story.log.size - 2 : undefined;
  },
  'a token that was moved from a module that was not added': (story, lies) => {
    const [from, to] = [uuid(), uuid()];
    story.addModule(from).addModule(to);
    const was = { module: lies ? uuid() : from, token: TOKEN };
    story.add([story.ana, story.ben], 'token.relinked', { module: to, token: TOKEN, was });
  },

  /* -- Keys and what becomes of intents -- */
  'an outcome of another key': (story, lies) => {
    story.key({ made: when(lies, { key: uuid() }) });
  },
  'an outcome with another algorithm': (story, lies) => {
    story.key({ made: when(lies, { algorithm: 'DES3' }) });
  },
  'an outcome that can be extracted, of a key that should not': (story, lies) => {
    story.key({ planned: { extractable: false }, made: when(lies, { extractable: true }) });
  },
  'an outcome that does not say whether it can be extracted': (story, lies) => {
    story.key({ planned: { extractable: false }, lost: lies ? ['extractable'] : [] });
  },
  'an outcome in a ceremony that its intent was not in': (story, lies) => {
    const [ceremony, other] = [story.ceremony().steps('1', '2'), story.ceremony()];
    const became = when(lies, other.more());
    story.key({ by: ceremony.people('3'), more: ceremony.more('3'), became });
  },
  'a key called generated although CKA_LOCAL is false': (story, lies) => {
    story.key({ made: when(lies, { attributes: { CKA_LOCAL: false } }) });
  },
  'an imported key called generated': (story, lies) => {
    story.key({ type: 'key.import', made: when(!lies, { origin: 'imported' }) });
  },
  'control in halves where no two people set the PIN': (story, lies) => {
    story.makeToken(lies ? [story.ana] : [story.ana, story.ben]).key();
    if (!lies) return undefined;
    return story.log.size - 1;
  },
  'control in halves on a token that was never set up here': (story, lies) => {
    story.key({ planned: when(lies, { token: { ...TOKEN, serial: '17' } }) });
  },
  'control in halves on a token that was only moved': (story, lies) => {
    const [token, was] = [
      { ...TOKEN, serial: uuid() },
      { ...TOKEN, serial: uuid() },
    ];
    const { ana, ben, module } = story;
    story.add(lies ? [ana] : [ana, ben], 'token.init', { module, token: was, training: true });
    story.add([ana, ben], 'token.relinked', { module, token, was: { module, token: was } });
    story.key({ planned: { token } });
  },
  'a key that is made twice': (story, lies) => {
    const key = story.key();
    story.key({ planned: when(lies, { key: key.id }) });
    return lies ? story.log.size - 2 : undefined;
  },
  'a CKA_ID that is taken': (story, lies) => {
    const { ckaid } = story.key().planned as { ckaid: string };
    story.key({ planned: when(lies, { ckaid }) });
    return lies ? story.log.size - 2 : undefined;
  },
  'a CKA_ID that two intents take at once': (story, lies) => {
    const plans = [story.plan(), story.plan()] as const;
    if (lies) plans[1].ckaid = plans[0].ckaid!;
    const intents = plans.map((plan) =>
      story.add([story.ana, story.ben], 'key.generate', plan, { more: { outcome: 'intent' } }),
    );
    plans.forEach((plan, i) =>
      story.log.add('key.generate', story.made(plan), { corr: intents[i]! }),
    );
  },
  'the CKA_ID of the log’s own key': (story, lies) => {
    story.key({ planned: when(lies, { ckaid: 'c0de' }) });
    return lies ? story.log.size - 2 : undefined;
  },
  'a CKA_ID that came with a moved token': (story, lies) => {
    const { ana, ben, module } = story;
    const [token, was] = [
      { ...TOKEN, serial: uuid() },
      { ...TOKEN, serial: uuid() },
    ];
    const made = { control: 'single-control' };
    const { ckaid } = story.key({ planned: { token: was }, made }).planned as { ckaid: string };
    story.add([ana, ben], 'token.relinked', { module, token, was: { module, token: was } });
    story.key({ planned: { token, ...when(lies, { ckaid }) }, made });
    return lies ? story.log.size - 2 : undefined;
  },
  'a CKA_ID that one of two keys still has, after a move brought them together': (story, lies) => {
    const { ana, ben, module } = story;
    const [token, was] = [
      { ...TOKEN, serial: uuid() },
      { ...TOKEN, serial: uuid() },
    ];
    const made = { control: 'single-control' };
    const key = story.key({ planned: { token: was }, made });
    const ckaid = key.planned.ckaid!;
    story.key({ planned: { token, ckaid }, made });
    story.add([ana, ben], 'token.relinked', { module, token, was: { module, token: was } });
    story.destroy(key).key({ planned: { token, ...when(lies, { ckaid }) }, made });
    return lies ? story.log.size - 2 : undefined;
  },
  'a CKA_ID that is taken where no token is named': (story, lies) => {
    const made = { control: 'single-control' };
    const nowhere = (ckaid: string): void => {
      const planned: Members = { ...story.plan(), ckaid };
      delete planned.module;
      delete planned.token;
      story.pair([story.ana, story.ben], 'key.generate', planned, {
        ...story.made(planned),
        ...made,
      });
    };
    nowhere('0a0b');
    nowhere(lies ? '0a0b' : '0a0c');
    return lies ? story.log.size - 2 : undefined;
  },
  'the end of a key that nobody made': (story, lies) => {
    story.destroy(lies ? { id: uuid() } : story.key());
    return lies ? story.log.size - 2 : undefined;
  },
  'the end of a key under another label': (story, lies) => {
    story.destroy(story.key(), { detail: { label: lies ? 'Another key' : 'A key' } });
    return lies ? story.log.size - 2 : undefined;
  },
  'the end of a key where it is not any more': (story, lies) => {
    const { ana, ben, module, token } = story;
    const key = story.key();
    const now = { ...TOKEN, serial: uuid() };
    story.add([ana, ben], 'token.relinked', { module, token: now, was: { module, token } });
    story.destroy(key, { detail: { module, token: lies ? token : now } });
    if (lies) return story.log.size - 2;
    const back = { module, token: now };
    story.add([ana, ben], 'token.relinked', { module, token, was: back });
    return undefined;
  },
  'a use of a key that is destroyed': (story, lies) => {
    const key = story.key();
    if (lies) story.destroy(key);
    use(story, key.id);
    return lies ? story.log.size - 2 : undefined;
  },
  'a use of a key that is suspended': (story, lies) => {
    const key = story.key();
    story.move(key, 'active', 'suspended');
    if (!lies) story.move(key, 'suspended', 'active');
    use(story, key.id);
    return lies ? story.log.size - 2 : undefined;
  },
  'a key released outside its ceremony': (story, lies) => {
    const ceremony = story.ceremony().steps('1', '2');
    const key = ceremony.makeKey();
    if (lies) story.move(key, 'quarantine', 'active');
    else ceremony.release(key);
  },
  'a key released in another ceremony': (story, lies) => {
    const [one, two] = [story.ceremony().steps('1', '2'), story.ceremony().steps('1', '2')];
    const keys = [one.makeKey(), two.makeKey()] as const;
    two.release(keys[lies ? 0 : 1]);
  },
  'a key that leaves a state that it is not in': (story, lies) => {
    story.move(story.key(), lies ? 'suspended' : 'active', 'deactivated');
  },
  'a key that comes back from being compromised': (story, lies) => {
    const key = story.key();
    story.move(key, 'active', lies ? 'compromised' : 'suspended');
    story.move(key, lies ? 'compromised' : 'suspended', 'active');
  },
  'a compromised key that was not found, and turns up as active': (story, lies) => {
    const key = story.key();
    story.move(key, 'active', lies ? 'compromised' : 'suspended');
    story.destroy(key, { became: { outcome: 'not-found' } });
    story.move(key, 'not-found', lies ? 'active' : 'suspended');
  },
  'a key that is found again though it was never missed': (story, lies) => {
    const key = story.key();
    if (!lies) story.destroy(key, { became: { outcome: 'not-found' } });
    story.move(key, 'not-found', 'active');
  },

  /* -- Ceremonies -- */
  'a close without a single step': (story, lies) => {
    const ceremony = story.ceremony();
    if (!lies) ceremony.run();
    ceremony.close({ detail: when(lies, { agreed: 0 }) });
  },
  'AGREED although two disagreed': (story, lies) => {
    const verdict = lies ? 'AGREED' : 'DISPUTED';
    const ceremony = untilAgreed(story).agree(story.ana, story.ben);
    ceremony.close({ detail: { verdict, agreed: 1, disagreed: 2 } });
  },
  'a close that counts one who did not speak': (story, lies) => {
    const ceremony = untilAgreed(story);
    for (const person of [story.ana, story.ben]) ceremony.speak(person);
    ceremony.step('5').close({ detail: { agreed: lies ? 3 : 2 } });
  },
  'a close that leaves an exception out': (story, lies) => {
    const ceremony = untilAgreed(story).exception().agree();
    ceremony.close({ detail: { exceptions: lies ? 0 : 1 } });
  },
  'a close while a step is not finished': (story, lies) => {
    const ceremony = untilAgreed(story).agree();
    const more = { ...ceremony.more('5'), outcome: lies ? 'intent' : 'failure' };
    if (lies) story.add(ceremony.people('5'), 'ceremony.step', ceremony.detail('5'), { more });
    ceremony.close();
    return lies ? story.log.size - 2 : undefined;
  },
  'a step out of order': (story, lies) => {
    story.ceremony().steps(...(lies ? ['2'] : ['1', '2']));
  },
  'a step whose forerunner failed': (story, lies) => {
    const ceremony = story.ceremony();
    ceremony.step('1', { more: { outcome: 'failure' } });
    ceremony.steps(...(lies ? ['2'] : ['1', '2']));
  },
  'a step again after one that can’t be taken back': (story, lies) => {
    const ceremony = story.ceremony().steps('1', '2');
    if (!lies) ceremony.steps('2');
    ceremony.makeKey();
    if (lies) ceremony.steps('2');
  },
  'a step that counts its attempts wrong': (story, lies) => {
    const ceremony = story.ceremony().steps('1');
    ceremony.step('1', { detail: { attempt: lies ? 1 : 2 } });
  },
  'a step of another kind than the definition says': (story, lies) => {
    story.ceremony().step('1', { detail: when(lies, { kind: 'compare' }) });
  },
  'a step that stands at another': (story, lies) => {
    const ceremony = story.ceremony().steps('1');
    const more = ceremony.more(lies ? '1' : '2');
    ceremony.step('2', { by: [story.ana, story.cem], more });
  },
  'a step while another is not finished': (story, lies) => {
    const ceremony = story.ceremony().steps('1');
    const more = ceremony.more('2');
    const detail = ceremony.detail('2');
    const by = ceremony.people('2');
    const corr = story.add(by, 'ceremony.step', detail, { more: { ...more, outcome: 'intent' } });
    if (!lies) story.log.add('ceremony.step', detail, { ...more, corr });
    ceremony.steps('1');
  },
  'a step after one that was done, and failed when it was taken again': (story, lies) => {
    const ceremony = story.ceremony().steps('1');
    ceremony.step('1', { more: { outcome: 'failure' } });
    if (!lies) ceremony.steps('1');
    ceremony.steps('2');
  },
  'a key made at a step whose turn it is not': (story, lies) => {
    const ceremony = story.ceremony();
    if (!lies) ceremony.steps('1', '2');
    story.key({ by: ceremony.people('3'), more: ceremony.more('3') });
    return lies ? story.log.size - 2 : undefined;
  },
  'a person who speaks twice': (story, lies) => {
    const ceremony = untilAgreed(story).speak(story.ana);
    ceremony.speak(lies ? story.ana : story.ben, 'disagree');
  },
  'an exception whose number is taken': (story, lies) => {
    const ceremony = story.ceremony().exception();
    ceremony.exception({ detail: { number: lies ? 1 : 2, step: '0' } });
  },
  'an exception at a step that is none': (story, lies) => {
    story.ceremony().exception({ detail: { step: lies ? '6' : '5' } });
  },
  'a step in a ceremony that is paused': (story, lies) => {
    const ceremony = story.ceremony().add([story.ana], 'ceremony.pause', {});
    if (!lies) ceremony.add([story.ben], 'ceremony.resume', {});
    ceremony.steps('1');
  },
  'a component in a ceremony that is paused': (story, lies) => {
    const ceremony = story.ceremony().steps('1').add([story.ana], 'ceremony.pause', {});
    ceremony.add([], 'component.destroy', { serials: ['1'] }, when(lies, { step: '2' }));
  },
  'a ceremony resumed that was not paused': (story, lies) => {
    const ceremony = story.ceremony();
    if (!lies) ceremony.add([story.ana], 'ceremony.pause', {});
    ceremony.add([story.ana], 'ceremony.resume', {});
  },
  'a step after the close': (story, lies) => {
    const steps = [STEP];
    const ceremony = story.ceremony({ paper: story.paper({ steps }) }).steps('1');
    const agreed = { detail: { agreed: 0 } };
    if (lies) ceremony.close(agreed).steps('1');
    else ceremony.steps('1').close(agreed);
  },
  'an exception after the close': (story, lies) => {
    const ceremony = story.ceremony();
    ceremony.run();
    if (!lies) ceremony.exception();
    ceremony.close({ detail: { exceptions: lies ? 0 : 1 } });
    if (lies) ceremony.exception();
  },
  'a step in a ceremony that is being aborted': (story, lies) => {
    const ceremony = story.ceremony();
    if (!lies) ceremony.steps('1');
    ceremony.abort();
    if (lies) ceremony.steps('1');
  },
  'an abort that leaves its key': (story, lies) => {
    const ceremony = story.ceremony().steps('1', '2');
    const key = ceremony.makeKey();
    const corr = ceremony.abort();
    const said = { channel: 'ceremonies.abort' };
    if (!lies) story.destroy(key, { said, more: ceremony.more() });
    story.log.add(
      'ceremony.abort',
      { because: 'the token broke', gone: true },
      { ...ceremony.more(), corr },
    );
  },

  /* -- Exports -- */
  'an export of a key that nobody made': (story, lies) => {
    story.request(lies ? { id: uuid() } : story.key());
  },
  'an export of a key that is not released': (story, lies) => {
    const ceremony = story.ceremony().steps('1', '2');
    const key = ceremony.makeKey();
    if (!lies) ceremony.release(key);
    story.request(key);
  },
  'an export that is requested twice': (story, lies) => {
    const key = story.key();
    const job = story.request(key);
    story.request(key, { detail: when(lies, { export: job }) });
  },
  'parameters for what nobody requested': (story, lies) => {
    story.load(lies ? uuid() : story.request(story.key()));
  },
  'parameters for another cloud': (story, lies) => {
    story.load(story.request(story.key()), { detail: when(lies, { target: 'azure' }) });
  },
  'a confirmation of what was not loaded': (story, lies) => {
    const job = story.request(story.key());
    story.load(job);
    const detail = when(lies, { wrapping_spki_sha256: hex('another') });
    story.confirm(job, { detail });
  },
  'a confirmation of what was confirmed': (story, lies) => {
    const job = story.confirmed(story.key());
    if (!lies) story.load(job);
    story.confirm(job);
  },
  'a key wrapped under a wrapping key that nobody confirmed': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.wrap(job, key, { detail: when(lies, { wrapping_spki_sha256: hex('another') }) });
    return lies ? story.log.size - 2 : undefined;
  },
  'a key wrapped under a wrapping key loaded after the confirmation': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.load(job);
    if (!lies) story.confirm(job);
    story.wrap(job, key);
    return lies ? story.log.size - 2 : undefined;
  },
  'a key wrapped after the wrapping key’s time': (story, lies) => {
    const key = story.key();
    const job = story.request(key);
    const valid_to = lies ? '2026-11-22T14:05:00.000Z' : '2026-11-22T14:05:00.001Z';
    story.load(job, { detail: { valid_to } }).confirm(job).wrap(job, key);
    return lies ? story.log.size - 2 : undefined;
  },
  'a key wrapped for another’s export': (story, lies) => {
    const [one, two] = [story.key(), story.key()];
    story.wrap(story.confirmed(one), lies ? two : one);
    return lies ? story.log.size - 2 : undefined;
  },
  'a key wrapped for no export, and then for one': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    const detail = { key: key.id, wrapping_spki_sha256: WRAPPING };
    story.pair([story.cem, story.ana], 'key.wrap', detail, {
      ...detail,
      ...when(lies, { export: job }),
    });
  },
  'a package that nobody requested': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.wrap(job, key).pack(lies ? uuid() : job, key);
  },
  'a package of what was not wrapped': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    const became = when(lies, { outcome: 'failure' });
    story.wrap(job, key, { became }).pack(job, key);
  },
  'two packages of what was wrapped once': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.wrap(job, key).pack(job, key);
    if (lies) story.pack(job, key);
  },
  'a package of what began to be wrapped before the last confirmation': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    const begin = (): string =>
      story.add([story.cem, story.ana], 'key.wrap', wrapping, { more: { outcome: 'intent' } });
    const wrapping = { key: key.id, export: job, wrapping_spki_sha256: WRAPPING };
    const before = begin();
    story.load(job).confirm(job);
    const after = begin();
    story.log.add('key.wrap', wrapping, { corr: before });
    if (!lies) story.log.add('key.wrap', wrapping, { corr: after });
    story.pack(job, key);
  },
  'a package after its wrapping key expired': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.wrap(job, key);
    if (lies) story.log.add('byok.expired', { export: job }, { outcome: 'failure' });
    story.pack(job, key);
  },
  'what expired while it waited, confirmed all the same': (story, lies) => {
    const job = story.request(story.key());
    story.load(job);
    story.log.add('byok.expired', { export: job }, { outcome: 'failure' });
    if (!lies) story.load(job);
    story.confirm(job);
  },
  'new parameters for what has its package': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.wrap(job, key);
    if (lies) story.pack(job, key);
    story.load(job);
  },
  'an answer to what has no package': (story, lies) => {
    const key = story.key();
    const job = story.confirmed(key);
    story.wrap(job, key);
    if (!lies) story.pack(job, key);
    story.answer(job);
  },
};

/** Acts that are somebody's own and were made for something else. */
const AUTHENTICITY: Record<string, Tell> = {
  'acts for the end of one key, moved to another': (story, lies) => {
    const [one, two] = [story.key(), story.key()];
    const more = { outcome: 'intent' };
    const said = agreedTo('key.destroy', { key: lies ? two.id : one.id }, more);
    story.add([story.ana, story.ben], 'key.destroy', { key: one.id }, { said, more });
  },
  'acts for a failure, moved to a success': (story, lies) => {
    const module = uuid();
    story.addModule(module);
    const detail = { module, sha256: hex('changed') };
    const said = agreedTo('token.module_approved', detail, when(lies, { outcome: 'failure' }));
    story.add([story.ana, story.ben], 'token.module_approved', detail, { said });
  },
  'acts for an entry of another type': (story, lies) => {
    const module = uuid();
    story.addModule(module);
    const detail = { module, sha256: hex('changed') };
    const said = agreedTo(lies ? 'token.module_changed' : 'token.module_approved', detail);
    story.add([story.ana, story.ben], 'token.module_approved', detail, { said });
  },
  'acts for a step of another ceremony': (story, lies) => {
    const [one, two] = [story.ceremony(), story.ceremony()];
    const detail = one.detail('1');
    const { subject } = agreedTo('ceremony.step', detail, (lies ? two : one).more('1'));
    story.add([story.cem], 'ceremony.step', detail, {
      said: { subject: subject! },
      more: one.more('1'),
    });
  },
  'acts that name another ceremony': (story, lies) => {
    const [one, two] = [story.ceremony(), story.ceremony()];
    one.step('1', { said: (lies ? two : one).more('1') });
  },
  'acts that name no step where the entry does': (story, lies) => {
    const ceremony = story.ceremony();
    ceremony.step('1', { said: ceremony.more(lies ? undefined : '1') });
  },
  'acts over what is the desk’s own': (story, lies) => {
    const detail = story.plan(); // it has an `until`
    const more = { outcome: 'intent' };
    const whole = hex(canonical({ detail, type: 'key.generate', ...more }));
    const said = when(lies, { subject: { type: 'key.generate', sha256: whole } });
    story.add([story.ana, story.ben], 'key.generate', detail, { said, more });
  },
};

/** Entries that enough people did not agree to. */
const QUORUM: Record<string, Tell> = {
  'a policy that asks for three, armed with two': (story, lies) => {
    story.policy(3);
    const definition = story.define(story.paper());
    story.approve(definition, lies ? [story.ana, story.cem] : [story.ana, story.ben, story.cem]);
    story.arm(definition);
    const { size } = story.log;
    story.policy(2);
    return size - 1;
  },
  'approvals that armed a ceremony before': (story, lies) => {
    const definition = story.define(story.paper());
    story.approve(definition).arm(definition);
    if (!lies) story.approve(definition);
    story.arm(definition);
  },
  'a policy that no one can read': (story, lies) => {
    const definition = story.define(story.paper());
    story.approve(definition);
    if (lies) {
      const detail = { version: ++story.policies, policy_sha256: hex('unread') };
      story.log.addBy([story.ana, story.ben], 'policy.changed', detail);
    }
    story.arm(definition);
  },
  'a settled intent without managers': (story, lies) => {
    const detail = story.plan();
    const more = { outcome: 'intent' };
    const corr = story.add([story.ana, story.ben], 'key.generate', detail, { more });
    const by = lies ? [story.ana, story.cem] : [story.ana, story.ben];
    const settled = { ...story.made(detail), recovered: true };
    const said = { channel: 'recovery.settle' };
    story.add(by, 'key.generate', settled, { said, more: { corr } });
  },
  'a substitute whom the definition does not name': (story, lies) => {
    const ceremony = story.ceremony();
    const person = lies ? story.wit.id : story.dora.id;
    ceremony.exception({ detail: { substitute: { person, seat: 'operator' } } });
    ceremony.operator = lies ? story.wit : story.dora;
    ceremony.steps('1');
  },
  'a key without an intent': (story, lies) => {
    if (!lies) story.key();
    else story.add([story.ana, story.ben], 'key.generate', story.made(story.plan()));
  },
  'a step that only one of those who sit there spoke at': (story, lies) => {
    const ceremony = untilAgreed(story);
    for (const person of lies ? [story.ana] : [story.ana, story.ben]) ceremony.speak(person);
    ceremony.step('5', { by: [story.cem] });
  },
};

const BEGIN_WITH_INTENT = ['generate', 'import', 'wrap', 'destroy', 'use'].map((v) => `key.${v}`);
const used = (key: string): Members => ({
  ...{ key, what: 'sign', mechanism: 'CKM_ECDSA', input_sha256: hex('input') },
});
const logKey = (): Members => ({
  ...{ key: keyObject(newKey('ECDSA-P256')), token: TOKEN, attributes: {} },
});
/** An export that has its package. */
const packed = (story: Story): string => {
  const key = story.key();
  const job = story.confirmed(key);
  story.wrap(job, key).pack(job, key);
  return job;
};

/** A row of section 12's table: people who are just enough, and one who is none of those it asks for. */
interface Row {
  by: Person[];
  wrong: Person;
  detail: Members | (() => Members);
  /** The ceremony that the entry stands in, perhaps at a step. */
  inside?: { ceremony: Members };
  more?: () => Members;
  channel?: string;
}

const two = ({ ana, ben, cem }: Story, detail: Members): Row => ({
  ...{ by: [ana, ben], wrong: cem, detail },
});
const staff = ({ ana, cem, wit }: Story, detail: Members): Row => ({
  ...{ by: [ana, cem], wrong: wit, detail },
});
const one = ({ cem, wit }: Story, detail: Members): Row => ({ by: [cem], wrong: wit, detail });

const FILES = [{ role: 'file', sha256: hex('file') }];
const FACTS = { path: '/p', sha256: hex('m'), settings_sha256: hex('s') };
const loading = (job: string): Members => ({
  ...{ export: job, target: 'aws', algorithm: ALGORITHM, wrapping_bits: 1, files: FILES },
  wrapping_spki_sha256: WRAPPING,
});

const ALONE: Record<string, (story: Story) => Row> = {
  'person.role_changed': (s) => two(s, { person: s.cem.id, role: 'witness' }),
  'person.left': (s) => two(s, { person: s.cem.id }),
  'policy.changed': (s) => two(s, { version: 9, policy_sha256: hex('policy') }),
  'token.module_added': (s) => two(s, { module: uuid(), family: 'f', label: 'l', ...FACTS }),
  'token.module_approved': (s) => two(s, { module: s.module, sha256: hex('m') }),
  'token.module_moved': (s) => two(s, { module: s.module, was: '/q', ...FACTS }),
  'token.relinked': (s) => two(s, { ...s.at(), was: s.at() }),
  'log.key': (s) => two(s, logKey()),
  'key.generate': (s) => staff(s, s.plan()),
  'key.import': (s) => staff(s, s.plan()),
  'key.wrap': (s) => staff(s, { key: s.key().id }),
  'key.use': (s) => staff(s, used(s.key().id)),
  'key.destroy': (s) => two(s, { key: s.key().id }),
  'key.state': (s) => two(s, { key: s.key().id, from: 'active', to: 'suspended' }),
  'envelope.state': (s) => one(s, { serial: '1', state: 'sealed' }),
  'ceremony.define': (s) => one(s, { definition_sha256: hex('d'), title: 't', template: 't' }),
  'ceremony.approve': (s) => one(s, { definition_sha256: hex('d') }),
  'byok.requested': (s) =>
    staff(s, { export: uuid(), key: s.key().id, target: 'aws', algorithm: ALGORITHM }),
  'byok.parameters_loaded': (s) => one(s, loading(s.request(s.key()))),
  'byok.parameters_confirmed': (s) => {
    const job = s.request(s.key());
    s.load(job);
    return staff(s, { export: job, wrapping_spki_sha256: WRAPPING });
  },
  'byok.answered': (s) => one(s, { export: packed(s), proves: 'nothing', files: FILES }),
};

/** Two of the staff who don't both sit at the step are not enough: everyone at the step is. */
const atStep = (story: Story, step: string, detail: (ceremony: Ceremony) => Row['detail']): Row => {
  const ceremony = story.ceremony().steps('1', '2');
  if (step === '4') ceremony.makeKey();
  return {
    by: ceremony.people(step),
    wrong: story.dora,
    detail: detail(ceremony),
    inside: ceremony.more(step),
  };
};
const seated = (
  story: Story,
  by: Person[],
  detail: Members,
  ceremony = story.ceremony(),
  wrong = story.dora,
): Row => ({ by, wrong, detail, inside: ceremony.more() });
const words3 = { expected: 'x', observed: 'y', decision: 'z' };

const INSIDE: Record<string, (story: Story) => Row> = {
  'log.key': (s) => atStep(s, '3', logKey),
  'key.generate': (s) => atStep(s, '3', () => s.plan()),
  'key.import': (s) => atStep(s, '3', () => s.plan()),
  'key.wrap': (s) => atStep(s, '3', () => ({ key: s.key().id })),
  'key.use': (s) => atStep(s, '3', () => used(s.key().id)),
  'key.destroy': (s) => atStep(s, '3', () => ({ key: s.key().id })),
  'key.destroy for an abort': (s) => ({
    ...seated(s, [s.ben, s.cem], { key: s.key().id }),
    channel: 'ceremonies.abort',
  }),
  'key.state': (s) => atStep(s, '3', () => ({ key: s.key().id, from: 'active', to: 'suspended' })),
  'ceremony.arm': (s) => {
    const definition = s.define(s.paper());
    const again = (): Members => {
      s.approve(definition);
      return { ceremony: { id: hex(uuid()).slice(0, 32), definition_sha256: definition } };
    };
    return {
      ...one(s, { definition_sha256: definition }),
      inside: again() as { ceremony: Members },
      more: again,
    };
  },
  'ceremony.step': (s) => atStep(s, '2', (ceremony) => () => ceremony.detail('2')),
  'ceremony.agree': (s) => {
    const inside = untilAgreed(s).more('5');
    return { by: [s.cem], wrong: s.ana, detail: { person: s.cem.id }, inside };
  },
  'ceremony.disagree': (s) => {
    const inside = untilAgreed(s).more('5');
    return { by: [s.cem], wrong: s.ana, detail: { person: s.cem.id }, inside };
  },
  'ceremony.exception': (s) => seated(s, [s.ana, s.cem], { number: 1, step: '0', ...words3 }),
  'ceremony.pause': (s) => seated(s, [s.cem], {}),
  'ceremony.resume': (s) => seated(s, [s.cem], {}, s.ceremony().add([s.ana], 'ceremony.pause', {})),
  'ceremony.abort': (s) => seated(s, [s.ben], { because: 'x' }),
  'ceremony.close': (s) => {
    const detail = { verdict: 'AGREED', exceptions: 0, agreed: 3, disagreed: 0 };
    return seated(s, [s.ben, s.cem], detail, untilAgreed(s).agree());
  },
  'byok.requested': (s) =>
    atStep(s, '3', () => ({
      ...{ export: uuid(), key: s.key().id, target: 'aws', algorithm: ALGORITHM },
    })),
  'byok.parameters_loaded': (s) => atStep(s, '3', () => loading(s.request(s.key()))),
  'byok.parameters_confirmed': (s) =>
    atStep(s, '3', () => {
      const job = s.request(s.key());
      s.load(job);
      return { export: job, wrapping_spki_sha256: WRAPPING };
    }),
  'byok.answered': (s) =>
    atStep(s, '3', () => ({ export: packed(s), proves: 'nothing', files: FILES })),
};

/** Writes the row's entry as it should be, then once for each way to be short of it. Those. */
function writeRow(story: Story, title: string, row: Row): number[] {
  const [type] = title.split(' ') as [string];
  const { log } = story;
  const outcome = BEGIN_WITH_INTENT.includes(type) ? 'intent' : 'failure';
  const short: number[] = [];
  const write = (by: Person[], said: Members = {}, inside: Members = row.inside ?? {}): void => {
    const detail = typeof row.detail === 'function' ? row.detail() : row.detail;
    const again = inside.ceremony === undefined ? {} : row.more?.();
    const more = { outcome, ...inside, ...again };
    const channel = row.channel === undefined ? {} : { channel: row.channel };
    short.push(log.size);
    log.addBy(by, type, detail, { said: { ...channel, ...said }, more });
  };
  write(row.by);
  short.pop();
  write(row.by.slice(1));
  write([...row.by.slice(1), row.wrong]);
  write(row.by, { channel: 'presence.arrive' });
  // In a ceremony or without one: there is no other row for it, or it asks for somebody.
  const elsewhere = row.inside === undefined ? story.ceremony().more() : undefined;
  if (type !== 'envelope.state') write([], {}, elsewhere ?? {});
  return short;
}

const entriesIn = (notes: string[]): number[] => {
  const entries = notes.map((note) => Number(/^entry (\d+) /.exec(note)?.[1]));
  return [...new Set(entries)].sort((a, b) => a - b);
};

const ALL_PASS =
  'format pass, integrity pass, authenticity pass, completeness pass, quorum pass, state pass';
const but = (part: string, result: string): string =>
  ALL_PASS.replace(`${part} pass`, `${part} ${result}`);

/** Tells it on a desk of its own, with the lie, and has it judged. */
function forge(lie: Tell): { answer: ReturnType<typeof verify>; at: number } {
  const story = begin().open();
  const at = lie(story, true) ?? story.log.size - 1;
  return { answer: verify(lay(story.log)), at };
}

const STEP = { id: '1', kind: 'token.check', seats: ['operator'], irreversible: false };
const SEAT = { seat: 'operator', person: uuid() };

describe('honest logs', () => {
  it('tell a long story, an exception, a substitute and a step taken again in it', () => {
    const answer = verify(lay(tell().log));
    expect(results(answer)).toBe(ALL_PASS);
    expect(answer.exit).toBe(0);
  });

  it('are every case below without its lie, one after another', () => {
    const story = begin().open();
    const from: [number, string][] = [];
    for (const cases of [STATE, AUTHENTICITY, QUORUM]) {
      for (const [name, honest] of Object.entries(cases)) {
        from.push([story.log.size, name]);
        honest(story, false);
      }
    }
    const answer = verify(lay(story.log));
    const bad = answer.first_bad?.index ?? -1;
    const told = from.findLast(([first]) => first <= bad)?.[1];
    expect([told, results(answer), answer.parts.quorum.notes]).toEqual([undefined, ALL_PASS, []]);
  });

  it('have a package of what was wrapped, whatever is wrapped beside it', () => {
    const story = begin().open();
    const { ana, cem, log } = story;
    const key = story.key();
    const job = story.confirmed(key);
    const wrapping = { key: key.id, export: job, wrapping_spki_sha256: WRAPPING };
    // What closes an intent need not say again which export it was for.
    const { export: _export, ...shorter } = wrapping;
    story.pair([cem, ana], 'key.wrap', wrapping, shorter);
    story.add([cem, ana], 'key.wrap', wrapping, { more: { outcome: 'intent' } });
    story.pack(job, key);
    expect(results(verify(lay(log)))).toBe(ALL_PASS);
  });

  it('have somebody who fails to speak a second time', () => {
    const story = begin().open();
    const ceremony = untilAgreed(story).speak(story.ana);
    ceremony.speak(story.ana, 'agree', { more: { outcome: 'failure' } });
    expect(results(verify(lay(story.log)))).toBe(ALL_PASS);
  });

  it('have the halves of a token where it was before it moved, too', () => {
    const story = begin().open();
    const { ana, ben, module, token } = story;
    const now = { ...TOKEN, serial: uuid() };
    story.add([ana, ben], 'token.relinked', { module, token: now, was: { module, token } });
    story.key({ made: { control: 'pin-halves' } });
    expect(results(verify(lay(story.log)))).toBe(ALL_PASS);
  });

  it('have the key of a paused ceremony destroyed once it is being aborted', () => {
    const story = begin().open();
    const ceremony = story.ceremony().steps('1', '2');
    const key = ceremony.makeKey();
    ceremony.add([story.ana], 'ceremony.pause', {}).abort();
    story.destroy(key, { by: ceremony.people('4'), more: ceremony.more('4') });
    expect(results(verify(lay(story.log)))).toBe(ALL_PASS);
  });

  it('keep a token’s keys and its halves when it moves', () => {
    const story = begin().open();
    const { ana, ben, module, token } = story;
    const key = story.key();
    const now = { ...TOKEN, serial: uuid() };
    story.add([ana, ben], 'token.relinked', { module, token: now, was: { module, token } });
    story.key({ planned: { token: now } });
    story.destroy(key, { detail: { token: now } });
    story.key({ planned: { token: now, ckaid: key.planned.ckaid! } });
    expect(results(verify(lay(story.log)))).toBe(ALL_PASS);
  });
});

describe('a log that contradicts itself', () => {
  it.each(Object.entries(STATE))('is tampered with %s', (_, lie) => {
    const { answer, at } = forge(lie);
    expect(results(answer)).toBe(but('state', 'fail'));
    expect(answer).toMatchObject({ verdict: 'tampered', exit: 1, first_bad: { index: at } });
  });

  it('is tampered where a ceremony that is over is armed again', () => {
    const story = begin().open();
    const ceremony = story.ceremony({ paper: story.paper({ steps: [STEP] }) }).steps('1');
    ceremony.close({ detail: { agreed: 0 } });
    story.approve(ceremony.named.definition_sha256 as string);
    story.arm(ceremony.named.definition_sha256 as string, { more: ceremony.more() });
    const answer = verify(lay(story.log));
    expect([answer.parts.state.result, answer.parts.quorum.result]).toEqual(['fail', 'unproven']);
    expect(answer.first_bad?.index).toBe(story.log.size - 1);
  });

  it('is not judged further once an entry could not be read', () => {
    const story = begin().open();
    story.log.raw('{}');
    story.destroy({ id: uuid() });
    const answer = verify(lay(story.log));
    expect(answer).toMatchObject({
      verdict: 'malformed',
      parts: { state: { result: 'unproven' } },
    });
  });

  const otherwise =
    (changes: Members) =>
    (story: Story): Buffer =>
      story.paper(changes);
  const retold =
    (from: string, to: string) =>
    (story: Story): Buffer =>
      Buffer.from(story.paper().toString('utf8').replace(from, to));
  it.each<[string, ((story: Story) => Buffer) | undefined]>([
    ['is not in the bundle', undefined],
    ['has a step twice', otherwise({ steps: [STEP, STEP] })],
    ['has a seat twice', otherwise({ seats: [SEAT, SEAT] })],
    ['has no steps', otherwise({ steps: [] })],
    ['has a step that nobody sits at', otherwise({ steps: [{ ...STEP, seats: [] }] })],
    ['has a step at one seat twice', otherwise({ steps: [{ ...STEP, seats: ['x', 'x'] }] })],
    ['does not say what is irreversible', otherwise({ steps: [{ ...STEP, irreversible: 1 }] })],
    ['seats somebody without an id', retold('"person":"', '"person":"x')],
    ['is not canonical', retold('{', '{ ')],
    ['is not JSON', () => Buffer.from('seats')],
    ['is longer than any', otherwise({ title: 'x'.repeat(2 ** 20) })],
  ])('is unproven where a definition %s', (_, make) => {
    const story = begin().open();
    const ceremony = story.ceremony({ paper: make?.(story) ?? story.paper() });
    if (make === undefined) story.log.evidence.pop();
    ceremony.add([story.ana], 'ceremony.pause', {});
    const answer = verify(lay(story.log));
    expect(answer.exit).toBe(3);
    const { quorum, state } = answer.parts;
    expect([quorum.result, state.result]).toEqual(['unproven', 'unproven']);
    expect(entriesIn(quorum.notes)).toEqual([story.log.size - 2, story.log.size - 1]);
  });
});

describe('acts that were made for something else', () => {
  it.each(Object.entries(AUTHENTICITY))('are tampering: %s', (_, lie) => {
    const { answer, at } = forge(lie);
    expect(answer.parts.authenticity.result).toBe('fail');
    expect(answer).toMatchObject({ verdict: 'tampered', exit: 1, first_bad: { index: at } });
  });
});

describe('a quorum that is short', () => {
  it.each(Object.entries(QUORUM))('is unproven: %s', (_, lie) => {
    const { answer, at } = forge(lie);
    expect(results(answer)).toBe(but('quorum', 'unproven'));
    expect(answer.exit).toBe(3);
    expect(entriesIn(answer.parts.quorum.notes)).toContain(at);
  });

  // A verifier prints twenty remarks: some rows at a time.
  it.each([
    ['without a ceremony', ALONE],
    ['in a ceremony', INSIDE],
  ])('is each row of the table %s: one short, by others, in another call or place', (_, table) => {
    const rows = Object.entries(table);
    for (let first = 0; first < rows.length; first += 4) {
      const story = begin().open();
      const some = rows.slice(first, first + 4);
      const short = some.flatMap(([title, row]) => writeRow(story, title, row(story)));
      const { parts } = verify(lay(story.log));
      expect(entriesIn(parts.quorum.notes)).toEqual(short);
      expect(parts.state.notes).toEqual([]);
    }
  });

  it('is one by acts in two calls, each too few', () => {
    const story = begin().open();
    const ceremony = story.ceremony().steps('1', '2');
    const detail = { key: story.key().id };
    const more = { ...ceremony.more('3'), outcome: 'intent' };
    const about = agreedTo('key.destroy', detail, more);
    const acts = (['ceremonies.step', 'ceremonies.abort'] as const).map((channel, i) =>
      story.log.act([story.ana, story.ben][i]!, { ...about, channel }),
    );
    const by = story.log.acting([story.ana, story.ben], acts);
    story.log.add('key.destroy', detail, { ...by, ...more });
    expect(results(verify(lay(story.log)))).toBe(but('quorum', 'unproven'));
  });

  it('is that of components and shares outside a ceremony, which need nobody in one', () => {
    const story = begin().open();
    const ceremony = story.ceremony();
    const check = { method: 'GP-01', value: '0a0b' };
    const part = { index: 1, of: 2, commitment: hex('c'), check, serial: '1' };
    const share = { set: uuid(), index: 1, commitment: hex('c'), person: story.cem.id };
    const details: Record<string, Members> = {
      'component.issue': part,
      'component.receive': { ...part, attempt: 1 },
      'component.destroy': { serials: ['1'] },
      'share.issue': { ...share, of: 3, threshold: 2 },
      'share.receive': { ...share, attempt: 1 },
      'share.confirm': { ...share, attempt: 1 },
      'share.destroy': { set: share.set, serials: ['1'] },
    };
    const short: number[] = [];
    for (const [type, detail] of Object.entries(details)) {
      story.log.add(type, detail, ceremony.more());
      short.push(story.log.size);
      story.log.add(type, detail);
    }
    const answer = verify(lay(story.log));
    expect(results(answer)).toBe(but('quorum', 'unproven'));
    expect(entriesIn(answer.parts.quorum.notes)).toEqual(short);
  });
});

describe('what only somebody outside can say', () => {
  it('is who the founders are: the trust file, or an anchor that saw both', () => {
    const { log, ana, ben } = begin();
    const bundle = lay(log.fillTo(6));
    const people = [ana.key.sha256, ben.key.sha256];
    const judged = (size: number, more: Members = {}): string =>
      results(verify(bundle, { trust: log.trust(more), anchors: [log.note(size)] }));
    expect(judged(2)).toBe(but('quorum', 'unproven'));
    expect(judged(3)).toBe(ALL_PASS);
    expect(judged(1, { people })).toBe(ALL_PASS);
    expect(judged(6, { people: people.slice(1) })).toBe(but('quorum', 'unproven'));
    const stranger = new Log({ installation: log.installation, key: newKey('ECDSA-P256') });
    const anchors = [log.note(2), stranger.genesis().fillTo(6).note()];
    expect(verify(bundle, { trust: log.trust(), anchors }).parts.quorum.result).toBe('unproven');
  });

  it('is never what the pages for people say, nor the clock, nor a device’s word', () => {
    const { log } = tell();
    const bundle = lay(log);
    for (const path of ['report.html', 'VERIFY.md', 'keys/log.pem']) {
      change(bundle, path, () => 'Everyone agreed.\n', { relist: true });
    }
    const answer = verify(bundle);
    expect(results(answer)).toBe(ALL_PASS);
    const open = answer.not_proven.join('\n');
    for (const word of ['report.html', 'VERIFY.md', 'keys/log.pem', 'clock', '†']) {
      expect(open).toContain(word);
    }
    const broken = lay(new Log().genesis().raw('{}'));
    expect(verify(broken, { trust: null }).not_proven.join('\n')).toMatch(/report\.html[^]*clock/);
  });
});
