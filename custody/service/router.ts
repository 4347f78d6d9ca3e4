/**
 * One call, from the wire to its answer: parse, authorise, handle, parse. The only entry to the desk's functions.
 */
import { hash, randomBytes } from 'node:crypto';
import { canonicalBytes } from '../../shared/canonical.ts';
import {
  contract,
  isChannel,
  type ChannelName,
  type Input,
  type Output,
} from '../../shared/contract/index.ts';
import { NO_SUCH_CALL } from '../../shared/contract/names.ts';
import type { Proof, Request } from '../../shared/contract/message.ts';
import { KeymootError } from '../../shared/errors.ts';
import type { Actor } from '../../shared/log/entries.ts';
import type { Envelope } from '../../shared/log/shapes.ts';
import type { About, NewEntry } from '../core/audit/entry.ts';
import { base64 } from '../core/audit/note.ts';
import { envelope, statementBytes } from '../core/audit/statement.ts';
import type { Member } from '../core/state/state.ts';
import { openPersonKey } from '../core/people/keys.ts';
import type { z } from 'zod';
import type { Desk } from './desk.ts';
import { Tries } from './tries.ts';

export interface Call {
  desk: Desk;
  channel: ChannelName;
  requestId: number;
  /** The people who proved themselves for this call, each once. */
  people: Member[];
  /** Signs one act by each of them about one entry. Each act is fresh: none occurs twice in the log, and none is valid for another entry. */
  sign: (about: About) => Envelope[];
  actor: Actor | undefined;
}

export interface Handler<C extends ChannelName> {
  run: (input: Input<C>, call: Call) => Output<C> | Promise<Output<C>>;
  /** Changes nothing, so it need not wait for calls that do. */
  reads?: true;
}
export type Handlers = { [C in ChannelName]: Handler<C> };
/** One area's share of the handlers. */
export type Part<P extends string> = { [C in Extract<ChannelName, `${P}.${string}`>]: Handler<C> };

/** Zod's messages by path, without any value. */
const fieldsOf = (error: z.ZodError): Record<string, string> =>
  Object.fromEntries(
    error.issues.slice(0, 20).map((issue) => [issue.path.join('.') || 'input', issue.message]),
  );

const invalid = (error: z.ZodError): KeymootError => {
  const fields = fieldsOf(error);
  const [first] = Object.entries(fields);
  return new KeymootError(
    'input-invalid',
    `${first === undefined ? 'A value' : `“${first[0]}” ${first[1]}`}. Nothing was done.`,
    { fields },
  );
};

export class Router {
  readonly #desk: Desk;
  readonly #handlers: Handlers;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #tries = new Tries();

  constructor(desk: Desk, handlers: Handlers) {
    this.#desk = desk;
    this.#handlers = handlers;
  }

  async handle(request: Request): Promise<unknown> {
    const { channel } = request;
    if (!isChannel(channel)) throw new KeymootError('channel-unknown', NO_SUCH_CALL);
    try {
      return await this.#dispatch(channel, request);
    } finally {
      // SECURITY: the secrets that this call named are wiped, however it ended.
      this.#desk.secrets.dropIn(request.input);
      for (const proof of request.proofs ?? []) this.#desk.secrets.drop(proof.secret);
    }
  }

  async #dispatch<C extends ChannelName>(channel: C, request: Request): Promise<unknown> {
    const { input: inputSchema, output } = contract[channel];
    const parsed = inputSchema.safeParse(request.input);
    if (!parsed.success) throw invalid(parsed.error);
    const handler = this.#handlers[channel] as Handler<C>;
    const input = parsed.data as Input<C>;
    const run = async () => {
      const call: Call = {
        desk: this.#desk,
        channel,
        requestId: request.id,
        people: [],
        sign: () => [],
        actor: undefined,
      };
      await this.#authorise(call, request);
      let answer;
      try {
        answer = await handler.run(input, call);
      } finally {
        call.sign = () => []; // SECURITY: a person's key can't be used after the call for which it was opened
      }
      const value = output.safeParse(answer);
      if (!value.success)
        throw new KeymootError(
          'internal',
          'Keymoot’s own answer does not have its form. What was asked for may have been done; look before you repeat it.',
          { fields: fieldsOf(value.error) },
        );
      return value.data;
    };
    if (handler.reads === true) return run();
    // One act at a time: no other act may change the state between reading and writing it.
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => undefined); // the caller gets the error; the queue goes on
    return turn;
  }

  async #authorise(call: Call, request: Request): Promise<void> {
    const { act, founding } = contract[call.channel];
    const { desk } = call;
    const proofs = request.proofs ?? [];
    if (proofs.length > 0) await this.#prove(call, request, proofs);
    if (founding && desk.state !== 'READY') return;
    switch (act) {
      case 'none':
        return;
      case 'presence':
        if (desk.here.size === 0 && call.people.length === 0)
          throw new KeymootError(
            'presence-required',
            'Nobody who may read is here. Someone arrives first, with a proof.',
          );
        return;
      case 'proof':
      case 'seats':
        if (call.people.length === 0)
          throw new KeymootError(
            'act-required',
            'This needs a fresh proof by a named person. Nothing was done.',
          );
        return;
      case 'two':
        if (call.people.length < 2)
          throw new KeymootError(
            'two-required',
            'This needs fresh proofs by two different people. Nothing was done.',
          );
    }
  }

  /** Turns proofs into signed acts. All must hold, or nothing happens. */
  async #prove(call: Call, request: Request, proofs: readonly Proof[]): Promise<void> {
    const { journal, secrets, store } = this.#desk;
    const origin = journal.origin;
    if (origin === undefined)
      throw new KeymootError(
        'desk-missing',
        'There is no desk here yet, so nobody can prove anything to it. Nothing was done.',
      );
    const inputSha256 = hash('sha256', canonicalBytes(request.input ?? {}));
    const head = { size: store.log.size, root: base64(store.log.root) };
    const signers: ((about: About) => Envelope)[] = [];
    for (const { person, secret } of proofs) {
      const member = journal.state.members.get(person);
      const sealed = store.people.sealedKey(person);
      // SECURITY: taken before any check, so a proof is spent whatever happens next.
      const passphrase = secrets.take(secret, {
        purpose: 'proof',
        channel: request.channel,
        person,
        input_sha256: inputSha256,
      });
      try {
        if (member === undefined || member.left || sealed === undefined)
          throw new KeymootError(
            'person-unknown',
            'That person is not enrolled at this desk, or has left. Nothing was done.',
          );
        // SECURITY: one key never counts twice, whatever person id it comes under.
        if (call.people.some(({ key }) => key.sha256 === member.key.sha256))
          throw new KeymootError(
            'two-required',
            'The same person proved themselves twice. Nothing was done. Two people are needed.',
          );
        const sign = await this.#tries.take(person, () =>
          openPersonKey(person, passphrase, sealed, member.key),
        );
        call.people.push(member);
        signers.push((about) => {
          const payload = statementBytes({
            v: 1,
            kind: 'act',
            log: origin,
            person,
            head,
            time: new Date().toISOString(),
            channel: request.channel,
            input_sha256: inputSha256,
            ...about,
            nonce: randomBytes(16).toString('hex'),
          });
          return envelope(payload, member.key.sha256, sign(payload));
        });
      } catch (error) {
        if (error instanceof KeymootError && error.code === 'act-refused')
          journal.record([
            {
              type: 'session.login_failed',
              outcome: 'failure',
              reason: 'act-refused',
              detail: { what: 'passphrase', person },
            },
          ]);
        throw error;
      } finally {
        passphrase.fill(0);
      }
    }
    call.sign = (about) => signers.map((sign) => sign(about));
    const [first] = call.people;
    if (first !== undefined) call.actor = { id: first.id, role: first.role, auth: 'passphrase' };
  }
}

/** The members every entry made by a call has in common. */
export const byCall = (call: Call): Pick<NewEntry, 'actor' | 'sign'> =>
  call.actor === undefined ? {} : { actor: call.actor, sign: (about) => call.sign(about) };

/** The members of an outcome whose intent carries the acts. */
export const byActor = (call: Call): { actor?: Actor } =>
  call.actor === undefined ? {} : { actor: call.actor };

/** Refuses unless each person who gave a proof has one of these roles. */
export const requireRole = (call: Call, roles: readonly Member['role'][], what: string): void => {
  const wrong = call.people.find(({ role }) => !roles.includes(role));
  if (wrong !== undefined)
    throw new KeymootError(
      'role-refused',
      `${what} is for ${roles.join(' or ')}. One of the people who proved themselves is enrolled as ${wrong.role}. Nothing was done.`,
      { fields: { person: wrong.id } },
    );
};
