/**
 * `keymoot holder`: holds components from their entry until the key is formed, no longer.
 *
 * It has no library, no database and no file open. It ends when the service does, when the key is formed, or after 30 idle minutes; its memory ends with it.
 */
import { randomBytes } from 'node:crypto';
import { errorData, KeymootError } from '../../shared/errors.ts';
import type { Form } from '../../shared/form.ts';
import { holderRequests, type HolderInput, type HolderOp } from '../../shared/holder/requests.ts';
import { ComponentSet } from '../core/ceremonies/components.ts';
import { takeAside } from '../aside.ts';
import { sealOaep } from '../core/wrapping/oaep.ts';
import { parseRsaSpki } from '../core/wrapping/spki.ts';

const IDLE_MS = 30 * 60_000;
const IMPORT_BITS: ReadonlySet<number> = new Set([2048, 3072, 4096]);

/** SECURITY: sealed under an exponent of 1 or a short modulus, an observer of the message could recover the sum. On a refusal the components stay held. */
const requireImportKey = (spki: Uint8Array, bits: number): void => {
  try {
    parseRsaSpki(
      spki,
      [bits].filter((one) => IMPORT_BITS.has(one)),
    );
  } catch (cause) {
    throw new KeymootError(
      'key-not-as-asked',
      `The token’s import key is no RSA key of ${bits} bits with an exponent of 65537 or more. Nothing was sealed to it, and the components are still held.`,
      { cause },
    );
  }
};

export const holderProcess = (): void => {
  process.title = 'keymoot holder';
  let set: ComponentSet | undefined;
  const end = () => {
    set?.wipe();
    process.exit(0);
  };
  let idle = setTimeout(end, IDLE_MS);
  process.on('disconnect', end);
  process.on('SIGTERM', end);
  process.on('SIGINT', () => undefined); // a terminal's Ctrl-C goes to every process; the face handles it

  const components = (): ComponentSet => {
    if (set === undefined) throw new KeymootError('state-refused', 'No component set is open.');
    return set;
  };
  const handlers: { [K in HolderOp]: (input: HolderInput<K>) => unknown } = {
    begin: ({ setId, count, bytes }) => {
      set?.wipe();
      set = new ComponentSet(setId, count, bytes, randomBytes(32));
      return {};
    },
    receive: ({ index, typed, check, commitment }) =>
      components().receive(index, typed, check, commitment),
    combine: ({ spki, bits, hash, expected }) => {
      requireImportKey(spki, bits);
      const { sum, check, p11 } = components().combine(expected);
      try {
        return { wrapped: sealOaep(spki, sum, hash), check, p11 };
      } finally {
        sum.fill(0);
        set?.wipe();
        set = undefined;
      }
    },
  };
  const answer = (op: HolderOp, input: unknown): unknown => {
    const form: Form<unknown> = holderRequests[op];
    if (!form(input))
      throw new KeymootError('message-malformed', `the request "${op}" does not have its form`);
    return (handlers[op] as (input: unknown) => unknown)(input);
  };
  process.on('message', (message: unknown) => {
    clearTimeout(idle);
    idle = setTimeout(end, IDLE_MS);
    const { seq, op, input } = takeAside(message) as { seq: number; op: string; input: unknown };
    try {
      if (!Object.hasOwn(handlers, op))
        throw new KeymootError('channel-unknown', 'The holder does not know that.');
      process.send?.({ seq, ok: true, value: answer(op as HolderOp, input) });
    } catch (error) {
      process.send?.({ seq, ok: false, error: errorData(error) });
    }
  });
};
