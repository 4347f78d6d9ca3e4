/**
 * The token process: one vendor library, one purpose, no policy.
 *
 * It speaks shared/token over Node's IPC channel and nothing else: no file but the library, no database, no terminal. Requests are
 * answered one after the other, in the order they came. When the parent is gone it finishes the call that runs (a native call can't be
 * cancelled) and ends; the service that starts next waits for that.
 */
import { KeymootError, errorData } from '../../../shared/errors.ts';
import type { Form } from '../../../shared/form.ts';
import {
  isTokenOp,
  tokenRequests,
  type TokenReply,
  type TokenRequest,
} from '../../../shared/token/requests.ts';
import { wipeSecrets } from '../../../shared/token/secrets.ts';
import { takeAside } from '../../aside.ts';
import { DeviceError, forPeople } from './errors.ts';
import { TokenWorker } from './operations.ts';

const malformed = (message: string) => new KeymootError('message-malformed', message);

const answer = async (worker: TokenWorker, request: unknown): Promise<TokenReply> => {
  const { seq, op, input } = (request ?? {}) as Partial<TokenRequest>;
  const number = typeof seq === 'number' && Number.isSafeInteger(seq) ? seq : -1;
  const started = performance.now();
  try {
    // SECURITY: a known operation, from the closed list, before it is looked up anywhere.
    if (number < 0 || !isTokenOp(op)) throw malformed('there is no such request');
    const form: Form<unknown> = tokenRequests[op];
    if (!form(input)) throw malformed(`the request "${op}" does not have its form`);
    worker.before(op);
    const act = worker.operations[op] as (input: unknown) => unknown;
    const value = await act(input);
    return { seq: number, ok: true, value, ms: Math.round(performance.now() - started) };
  } catch (error) {
    const shown = error instanceof DeviceError ? forPeople(error) : error;
    return { seq: number, ok: false, error: errorData(shown) };
  } finally {
    // Also what a refused request carried.
    wipeSecrets(input);
  }
};

/** Runs until the parent disconnects. Called by `keymoot token`. */
export async function tokenProcess(): Promise<void> {
  process.title = 'keymoot token';
  if (!process.send)
    throw new KeymootError('message-malformed', 'keymoot token is started by the service only');

  const worker = new TokenWorker();
  let running: Promise<void> = Promise.resolve();
  let ending = false;

  const reply = (message: TokenReply) => {
    // Nobody listens any more: the disconnect that says so is on its way.
    if (process.connected) process.send?.(message, () => undefined);
  };

  await new Promise<void>((ended) => {
    const end = () => {
      if (ending) return;
      ending = true;
      void running.then(() => {
        worker.end();
        ended();
      });
    };
    process.on('message', (request) => {
      if (ending) return;
      running = running.then(async () => {
        reply(await answer(worker, takeAside(request)));
      });
    });
    process.on('disconnect', end);
    process.on('SIGTERM', end);
    process.on('SIGHUP', end);
    // A Ctrl-C at the terminal is for the service, which decides; half a key generation helps nobody.
    process.on('SIGINT', () => undefined);
    // The parent may have gone while we started.
    if (!process.connected) end();
  });
  process.exit(0);
}
