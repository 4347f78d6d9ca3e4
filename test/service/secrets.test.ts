/** Secrets on their way: sealed for one purpose, opened once, gone when their time is up. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ErrorCode } from '../../shared/errors.ts';
import { SealedSecret, type Binding } from '../../shared/sealed.ts';
import { seal } from '../../shared/sealing.ts';
import { makeOpener } from '../../custody/service/opener.ts';
import { Secrets } from '../../custody/service/secrets.ts';

const PERSON = '0198c0de-0000-7000-8000-0000000000a1';
const OTHER = '0198c0de-0000-7000-8000-0000000000b2';
const binding: Binding = {
  purpose: 'proof',
  channel: 'keys.generate',
  person: PERSON,
  input_sha256: 'ab'.repeat(32),
};
const secret = () => Buffer.from('correct horse battery');
const OTHERS: Binding[] = [
  { ...binding, purpose: 'passphrase' },
  { ...binding, channel: 'keys.destroy' },
  { ...binding, person: OTHER },
  { ...binding, input_sha256: 'cd'.repeat(32) },
  { purpose: 'proof', channel: 'keys.generate', person: PERSON },
  { purpose: 'proof', channel: 'keys.generate', input_sha256: 'ab'.repeat(32) },
];

test('a box that was put once can’t be put again', () => {
  const secrets = new Secrets();
  const box = seal(secrets.publicKey, secret(), binding);
  const handle = secrets.put(binding, box);
  expect(() => secrets.put(binding, box)).toThrow(/did not arrive intact/);
  expect(secrets.take(handle, binding)).toHaveLength(21);
  expect(() => secrets.put(binding, box)).toThrow(/did not arrive intact/);
});
test('a box that is no base64 is refused by the contract, not by an accident', () => {
  const box = { sender: '!!!!', nonce: 'AAAA', sealed: 'AAAA' };
  expect(SealedSecret.safeParse(box).success).toBe(false);
  expect(SealedSecret.safeParse({ ...box, sender: 'AAAB' }).success).toBe(true);
});

describe('sealing', () => {
  test('opens for the receiver under the same binding, and zeroes the sender’s copy', () => {
    const opener = makeOpener();
    const bytes = secret();
    const box = seal(opener.publicKey, bytes, binding);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(Buffer.from(opener.open(box, binding)).toString()).toBe('correct horse battery');
    const { channel, purpose, ...rest } = binding;
    expect(opener.open(box, { ...rest, purpose, channel })).toHaveLength(21);
  });
  test('opens for nobody else and under no other binding', () => {
    const opener = makeOpener();
    const box = seal(opener.publicKey, secret(), binding);
    expect(() => makeOpener().open(box, binding)).toThrow();
    for (const other of OTHERS) expect(() => opener.open(box, other)).toThrow();
  });
  test('opens nothing that was changed', () => {
    const opener = makeOpener();
    const box = seal(opener.publicKey, secret(), binding);
    for (const member of ['sender', 'nonce', 'sealed'] as const) {
      const bytes = Buffer.from(box[member], 'base64');
      bytes[3] = (bytes[3] ?? 0) ^ 0x10;
      expect(() => opener.open({ ...box, [member]: bytes.toString('base64') }, binding)).toThrow();
    }
    expect(() =>
      opener.open({ ...box, sender: Buffer.alloc(32).toString('base64') }, binding),
    ).toThrow();
  });
  test('seals the same secret differently each time, and shows nothing of it but its length', () => {
    const { publicKey } = makeOpener();
    const boxes = Array.from({ length: 3 }, () => seal(publicKey, secret(), binding));
    expect(
      new Set(boxes.flatMap(({ sender, nonce, sealed }) => [sender, nonce, sealed])).size,
    ).toBe(9);
    for (const { sealed } of boxes) expect(Buffer.from(sealed, 'base64')).toHaveLength(21 + 16);
  });
});

describe('secrets that wait', () => {
  let secrets: Secrets;
  beforeEach(() => {
    vi.useFakeTimers();
    secrets = new Secrets();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const put = (over = binding) => secrets.put(over, seal(secrets.publicKey, secret(), over));
  const refuses = (code: ErrorCode, act: () => unknown) => {
    expect(act).toThrow(expect.objectContaining({ code }) as Error);
  };
  test('are taken once, by what they were for', () => {
    const handle = put();
    for (const other of OTHERS) refuses('secret-unknown', () => secrets.take(handle, other));
    expect(Buffer.from(secrets.take(handle, binding)).toString()).toBe('correct horse battery');
    refuses('secret-unknown', () => secrets.take(handle, binding));
    refuses('secret-unknown', () => secrets.take(PERSON, binding));
  });
  test('are gone after five minutes', () => {
    const [early, late] = [put(), put()];
    vi.advanceTimersByTime(5 * 60_000 - 1);
    secrets.take(early, binding);
    vi.advanceTimersByTime(1);
    refuses('secret-unknown', () => secrets.take(late, binding));
  });
  test('are gone with the call that named them, wherever in its input they stood', () => {
    const handles = [put(), put(), put()];
    secrets.dropIn({
      login: { first: handles[0], lastTry: false },
      list: [null, { deep: handles[1] }],
      n: 4,
    });
    refuses('secret-unknown', () => secrets.take(handles[0] ?? '', binding));
    refuses('secret-unknown', () => secrets.take(handles[1] ?? '', binding));
    secrets.take(handles[2] ?? '', binding);
  });
  test('are gone when the desk is locked, and no more than 64 wait', () => {
    const handles = Array.from({ length: 64 }, () => put());
    refuses('secret-unreadable', () => put());
    secrets.dropAll();
    for (const handle of handles) refuses('secret-unknown', () => secrets.take(handle, binding));
    put();
  });
  test('are refused when they do not open', () => {
    refuses('secret-unreadable', () =>
      secrets.put({ ...binding, channel: 'x.y' }, seal(secrets.publicKey, secret(), binding)),
    );
    refuses('secret-unreadable', () =>
      secrets.put(binding, seal(makeOpener().publicKey, secret(), binding)),
    );
  });
});
