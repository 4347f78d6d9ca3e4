/**
 * `keymoot serve`: the custody service on standard input and output, one JSON message per line.
 *
 * Crash-only: it commits before it answers and may be killed at any instant. It ends when its input ends.
 */
import type { Readable, Writable } from 'node:stream';
import { events, type EventName } from '../../shared/contract/index.ts';
import { Request } from '../../shared/contract/message.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/contract/wire.ts';
import { errorData, KeymootError } from '../../shared/errors.ts';
import { Desk, type Emit } from './desk.ts';
import { hello } from './handlers/desk.ts';
import { handlers } from './handlers/index.ts';
import { Opening } from './opening.ts';
import { Router } from './router.ts';

/** Splits a stream into lines of bounded length; a longer line ends the connection, since the messages after it can't be separated. */
async function* lines(input: Readable): AsyncGenerator<Buffer | undefined> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const piece of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
      yield Buffer.concat([...rest, piece.subarray(from, at)]);
      rest = [];
      length = 0;
      from = at + 1;
    }
    const tail = piece.subarray(from);
    length += tail.length;
    if (length > MAX_MESSAGE_BYTES) {
      yield undefined;
      return;
    }
    if (tail.length > 0) rest.push(Buffer.from(tail));
  }
}

/** No message of ours is nested deeper; recursive checks would overflow the stack on a deeper one. */
const MOST_NESTED = 32;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const isTooNested = (line: Buffer): boolean => {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at] ?? 0;
    if (quoted && byte === 0x5c) at += 1;
    else if (byte === 0x22) quoted = !quoted;
    else if (!quoted && OPENING.has(byte)) depth += 1;
    else if (!quoted && CLOSING.has(byte)) depth -= 1;
    if (depth > MOST_NESTED) return true;
  }
  return false;
};

const parseRequest = (line: Buffer): Request => {
  if (line.length > MAX_MESSAGE_BYTES)
    throw new KeymootError(
      'message-too-large',
      'The message is larger than any of ours. Nothing was done.',
    );
  if (isTooNested(line))
    throw new KeymootError(
      'message-malformed',
      'The message is nested deeper than any of ours. Nothing was done.',
    );
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    // No cause: the parser's error quotes the message, which may contain anything.
    throw new KeymootError('message-malformed', 'The message is not JSON. Nothing was done.');
  }
  const parsed = Request.safeParse(value);
  if (!parsed.success)
    throw new KeymootError(
      'message-malformed',
      'The message is not one of ours. Nothing was done.',
    );
  return parsed.data;
};
const idOf = (line: Buffer): number | null => {
  try {
    const { id } = JSON.parse(line.toString('utf8')) as { id?: unknown };
    return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : null;
  } catch {
    return null; // parseRequest reports the fault
  }
};

export const serve = async (
  folder: string,
  input: Readable = process.stdin,
  output: Writable = process.stdout,
): Promise<void> => {
  process.title = 'keymoot serve';
  const say = (message: unknown): void => {
    output.write(`${JSON.stringify(message)}\n`);
  };
  output.on('error', () => process.exit(0)); // the face is gone
  const emit: Emit = (event: EventName, payload) => {
    const parsed = events[event].safeParse(payload);
    if (parsed.success) say({ event, payload: parsed.data });
  };

  let desk: Desk | undefined;
  const opening = new Opening(emit);
  /** Its name is known, and its log is being judged. */
  let unjudged: Desk | undefined;
  const router = (async () => {
    const opened = Desk.at(folder, emit);
    unjudged = opened;
    await opened.begin((done, of) => {
      opening.tell(done, of);
    });
    desk = opened;
    return new Router(opened, handlers);
  })();
  router.catch(() => undefined); // every call answers with the reason; the face shows it
  const finish = (code: number) => {
    desk?.close();
    process.exit(code);
  };
  process.on('SIGTERM', () => {
    finish(0);
  });
  process.on('SIGINT', () => undefined); // the terminal's Ctrl-C is handled by the face

  const pending = new Set<Promise<void>>();
  for await (const line of lines(input)) {
    if (line === undefined) {
      say({
        id: null,
        ok: false,
        error: errorData(
          new KeymootError(
            'message-too-large',
            'The message is larger than any of ours. The connection is closed.',
          ),
        ),
      });
      break;
    }
    if (line.length === 0) continue;
    const answer = (async () => {
      let id: number | null = null;
      try {
        id = idOf(line);
        const request = parseRequest(line);
        id = request.id;
        if (desk === undefined && unjudged !== undefined && request.channel === 'desk.hello') {
          say({ id, ok: true, value: hello(unjudged, false) });
          return;
        }
        if (desk === undefined) opening.waits(id);
        say({ id, ok: true, value: await (await router).handle(request) });
      } catch (error) {
        if (!(error instanceof KeymootError) && process.env['KEYMOOT_DEVELOPER'] === '1')
          console.error(error);
        say({ id, ok: false, error: errorData(error) });
      }
    })();
    pending.add(answer);
    void answer.finally(() => pending.delete(answer));
  }
  // Cancel read-only work: the caller is gone.
  desk?.judge.end();
  desk?.faceGone.abort();
  // Pending calls are finished and committed before the desk is closed; without a face their answers are lost.
  await Promise.allSettled(pending);
  finish(0);
};
