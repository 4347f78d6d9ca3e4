/**
 * One command at the desk: the service runs as long as the command.
 *
 * All input is asked for first, then the work is done. A passphrase is asked once per command (for opening the desk and for the act) and again for every step
 * of a ceremony; each call still carries its own proof. Secrets are held as bytes, sealed when handed over, and zeroed at the end.
 */
import type { ChannelName, InputGiven, Output } from '../../shared/contract/index.ts';
import type { Login as LoginShape } from '../../shared/contract/desk.ts';
import type { Person } from '../../shared/domain/people.ts';
import { KeymootError } from '../../shared/errors.ts';
import { forTerminal } from '../../shared/text.ts';
import type { z } from 'zod';
import type { Asked } from './asked.ts';
import { Asker } from './asker.ts';
import { DeskClient, type Proving } from './client.ts';
import { personNamed } from './names.ts';
import { cancelled } from './terminal.ts';

/** A command's result: a value for programs, lines for people. */
export interface Answer {
  value: unknown;
  lines: readonly string[];
}

type Login = z.infer<typeof LoginShape>;
type PinKind = 'pin' | 'so pin';
interface Halves {
  first: Buffer;
  second: Buffer;
}

const SLOW_MS = 500;
/** Interval where standard error is no terminal. */
const SELDOM_MS = 10_000;
const LAST_TRY = 'LAST TRY';

const DOING: Partial<Record<ChannelName, string>> = {
  'desk.found': 'The token is making the log key',
  'desk.open': 'Opening the desk',
  'tokens.train': 'Making the token',
  'tokens.list': 'Looking at the tokens',
  'keys.generate': 'The token is generating the key',
  'keys.destroy': 'Destroying the key and looking again',
  'ceremonies.step': 'Doing the step',
  'exports.request': 'The token is tested',
  'exports.wrap': 'The token is wrapping the key',
  'log.export': 'Writing the bundle',
  'recovery.settle': 'Waiting until the token can’t finish any more, then looking',
};

/** Reports long operations and their elapsed time on standard error. */
class Progress {
  readonly #started: number;
  readonly #timer: NodeJS.Timeout;
  text: string;
  #shown = 0;
  constructor(text: string, elapsedMs = 0) {
    this.text = text;
    this.#started = performance.now() - elapsedMs;
    this.#timer = setInterval(() => {
      this.#tick();
    }, SLOW_MS);
  }
  #tick(): void {
    const ms = performance.now() - this.#started;
    const line = `${forTerminal(this.text)} … ${(ms / 1000).toFixed(1)} s`;
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
    else if (this.#shown === 0 || ms - this.#shown >= SELDOM_MS) process.stderr.write(`${line}\n`);
    else return;
    this.#shown = ms;
  }
  end(): void {
    clearInterval(this.#timer);
    if (this.#shown > 0 && process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}

const unfinished = (text: string): string => text.replace(/\.$/, '');

/** Starts the service, and reports progress when checking the log takes long. */
const started = async (folder: string): Promise<DeskClient> => {
  let progress: Progress | undefined;
  try {
    return await DeskClient.start(folder, {}, ({ text, elapsedMs }) => {
      progress ??= new Progress(unfinished(text), elapsedMs);
      progress.text = unfinished(text);
    });
  } finally {
    progress?.end();
  }
};

export class Session {
  readonly client: DeskClient;
  readonly ask: Asker;
  readonly asked: Asked;
  readonly #passphrases = new Map<string, Buffer>();
  readonly #pins = new Map<string, Halves>();
  #people: Person[] | undefined;
  #lastTry: boolean;
  opened = false;

  constructor(client: DeskClient, ask: Asker, asked: Asked) {
    this.client = client;
    this.ask = ask;
    this.asked = asked;
    this.#lastTry = asked.flag('last-try');
  }

  /** Prints a message while the command runs. With --json it goes to standard error, so that standard output is one JSON document. */
  say(lines: readonly string[]): void {
    (this.asked.json ? process.stderr : process.stdout).write(`${lines.join('\n')}\n`);
  }

  // People

  async people(): Promise<Person[]> {
    this.#people ??= await this.call('people.list', {});
    return this.#people;
  }
  async nameOf(id: string): Promise<string> {
    return (await this.people()).find((person) => person.id === id)?.name ?? id;
  }
  /** The people named by `--by`: at least `least`, without duplicates. */
  async by(least: 0 | 1 | 2): Promise<Person[]> {
    const names = this.asked.many('by');
    if (names.length < least)
      throw new KeymootError(
        least === 1 ? 'act-required' : 'two-required',
        least === 1
          ? 'This needs a person’s proof. Name the person with --by NAME; they are asked for their passphrase. Nothing was done.'
          : 'This needs two different people. Name them with --by NAME --by NAME; each is asked for their passphrase. Nothing was done.',
        { fields: { '--by': `${names.length} of ${least}` } },
      );
    const everyone = await this.people();
    const chosen = names.map((name) => personNamed(everyone, name));
    if (new Set(chosen.map(({ id }) => id)).size !== chosen.length)
      throw new KeymootError(
        'two-required',
        'The same person is named twice. Two different people are needed. Nothing was done.',
        {
          fields: { '--by': 'twice' },
        },
      );
    return chosen;
  }
  /** As {@link by}, but empty while the desk is being founded, when no one has a key yet. */
  async byUnlessFounding(least: 1 | 2): Promise<Person[]> {
    const { state } = await this.call('desk.hello', {});
    return this.by(state === 'READY' ? least : 0);
  }

  // Secrets

  async passphrasesOf(people: readonly Person[]): Promise<void> {
    for (const { id, name } of people)
      if (!this.#passphrases.has(id))
        this.#passphrases.set(
          id,
          await this.ask.secret(`passphrase ${name}`, `Passphrase of ${name}`),
        );
  }
  /** Zeroes the passphrases; the next act asks for them again. */
  forgetPassphrases(): void {
    for (const bytes of this.#passphrases.values()) bytes.fill(0);
    this.#passphrases.clear();
  }

  /** Asks for both halves of a token's PIN, each by its holder. {@link LOG_TOKEN} is the log token, whatever its label. */
  async pinOf(token: string, options: { isNew?: boolean; what?: PinKind } = {}): Promise<void> {
    const { isNew = false, what = 'pin' } = options;
    const key = `${what} ${token}`;
    if (this.#pins.has(key)) return;
    const log = token === LOG_TOKEN;
    const of = log ? 'the log token' : `token “${token}”`;
    const half = (which: 'first' | 'second') => {
      const name = log ? `log ${what} ${which}` : `${what} ${which} ${token}`;
      const prompt = `${which === 'first' ? 'First' : 'Second'} half of the ${what === 'pin' ? 'PIN' : 'security officer’s PIN'} of ${of}`;
      return isNew ? this.ask.newSecret(name, prompt) : this.ask.secret(name, prompt);
    };
    const first = await half('first');
    try {
      this.#pins.set(key, { first, second: await half('second') });
    } catch (error) {
      first.fill(0);
      throw error;
    }
  }
  /** Handles of PIN halves for one call, sealed now, since they expire within minutes. */
  async handles(
    token: string,
    channel: ChannelName,
    what: PinKind = 'pin',
  ): Promise<{ first: string; second: string }> {
    const halves = this.#pins.get(`${what} ${token}`);
    if (halves === undefined) throw new Error('session: a PIN was not asked for');
    return this.client.pin(Buffer.from(halves.first), Buffer.from(halves.second), channel);
  }
  async login(token: string, channel: ChannelName): Promise<Login> {
    return { ...(await this.handles(token, channel)), lastTry: this.#lastTry };
  }
  forgetPins(): void {
    for (const { first, second } of this.#pins.values()) {
      first.fill(0);
      second.fill(0);
    }
    this.#pins.clear();
  }

  // Calls

  async call<C extends ChannelName>(
    channel: C,
    input: InputGiven<C>,
    proving: readonly Proving[] = [],
  ): Promise<Output<C>> {
    const progress = new Progress(DOING[channel] ?? 'Working');
    const off = this.client.on('progress', ({ text }) => {
      progress.text = unfinished(text);
    });
    try {
      return await this.client.call(channel, input, proving);
    } finally {
      off();
      progress.end();
    }
  }

  /**
   * One act of these people; asks for passphrases not yet given.
   * @param input builds the input again for each try, since handles are used once
   */
  async act<C extends ChannelName>(
    channel: C,
    people: readonly Person[],
    input: () => InputGiven<C> | Promise<InputGiven<C>>,
  ): Promise<Output<C>> {
    await this.passphrasesOf(people);
    const once = async () =>
      this.call(
        channel,
        await input(),
        people.map(({ id }) => ({
          person: id,
          passphrase: Buffer.from(this.#passphrases.get(id) ?? []),
        })),
      );
    try {
      return await once();
    } catch (error) {
      if (
        !(error instanceof KeymootError) ||
        error.code !== 'pin-last-try' ||
        this.#lastTry ||
        !this.ask.interactive
      )
        throw error;
      this.say(['', forTerminal(error.message)]);
      if ((await this.ask.answer('last try', `Type ${LAST_TRY} to use it`)) !== LAST_TRY)
        throw error;
      this.#lastTry = true;
      try {
        return await once();
      } finally {
        this.#lastTry = false;
      }
    }
  }

  /** Asks for the secrets that opening the desk needs. */
  async prepareToOpen(): Promise<void> {
    await this.pinOf(LOG_TOKEN);
  }
  /** Opens the log's signer: key operations, exports, arming and closing need it. */
  async open(opener: Person | undefined): Promise<void> {
    if (this.opened) return;
    await this.prepareToOpen();
    await this.act('desk.open', opener === undefined ? [] : [opener], async () => ({
      login: await this.login(LOG_TOKEN, 'desk.open'),
    }));
    this.opened = true;
  }
  /** A note that recorded entries wait for their seal, when the desk was not opened. */
  async sealNote(): Promise<string[]> {
    const { unsealed, signer } = await this.call('log.state', {});
    return signer === 'NO SIGNER' && unsealed > 0
      ? [
          '',
          `Recorded. ${unsealed} entries wait for their seal, until the desk is next opened with the log token.`,
        ]
      : [];
  }

  wipe(): void {
    this.forgetPassphrases();
    this.forgetPins();
  }
}

/** The key for the log token's PIN in the map of PINs; no token label has a control character. */
export const LOG_TOKEN = '\u0000log';

/** Set by a signal handler, at any moment. */
interface Stopping {
  asked: boolean;
}
const wasAskedToStop = ({ asked }: Stopping): boolean => asked;

/** A command that talks to the desk. */
export const atDesk =
  (use: (desk: Session) => Promise<Answer>) =>
  async (asked: Asked): Promise<Answer> => {
    const ask = Asker.from(asked); // first: closes the descriptor before a child could inherit it
    let session: Session | undefined;
    const stopping: Stopping = { asked: false };
    const onInterrupt = () => {
      const client = session?.client;
      if (stopping.asked) {
        void client?.kill();
        return;
      }
      stopping.asked = true;
      process.stderr.write(
        '\nkeymoot: stopping. What was acknowledged is safe; what a token is doing now is finished first. Ctrl-C again stops at once.\n',
      );
      ask.cancel();
      void client?.stop();
    };
    process.on('SIGINT', onInterrupt);
    try {
      session = new Session(await started(asked.folder), ask, asked);
      if (wasAskedToStop(stopping)) throw cancelled();
      return await use(session);
    } catch (error) {
      if (wasAskedToStop(stopping)) throw cancelled();
      throw error;
    } finally {
      session?.wipe();
      ask.close();
      await session?.client.stop();
      process.off('SIGINT', onInterrupt);
    }
  };
