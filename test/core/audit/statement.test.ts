/** What people sign, and whose signature holds. */
import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  envelope,
  envelopeHolds,
  openEnvelope,
  preAuthentication,
  statementBytes,
} from '../../../custody/core/audit/statement.ts';
import { PAYLOAD_TYPE } from '../../../shared/log/shapes.ts';
import type { Act } from '../../../shared/log/statement.ts';
import type { SigningKey } from '../../../shared/domain/people.ts';

const ACT: Act = {
  v: 1,
  kind: 'act',
  log: 'keymoot.local/0198c0de-0000-7000-8000-000000000001',
  person: '0198c0de-0000-7000-8000-0000000000aa',
  head: { size: 3, root: Buffer.alloc(32).toString('base64') },
  time: '2026-11-22T14:05:00.000Z',
  channel: 'people.leave',
  input_sha256: 'a'.repeat(64),
  subject: { type: 'person.left', sha256: 'c'.repeat(64) },
  nonce: 'b'.repeat(32),
};
const payload = statementBytes(ACT);

const made = (alg: SigningKey['alg']): { key: SigningKey; privateKey: KeyObject } => {
  const { publicKey, privateKey } =
    alg === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    key: { alg, spki: spki.toString('base64'), sha256: hash('sha256', spki) },
    privateKey,
  };
};
const signed = ({ key, privateKey }: ReturnType<typeof made>, bytes = payload) =>
  envelope(
    bytes,
    key.sha256,
    sign(key.alg === 'Ed25519' ? null : 'sha256', preAuthentication(bytes), privateKey),
  );

it('encodes as DSSE does (the example of its protocol page)', () => {
  const text = Buffer.from(preAuthentication(Buffer.from('hello world'))).toString();
  expect(text).toBe(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} 11 hello world`);
  const umlaut = Buffer.from(preAuthentication(Buffer.from('ü'))).toString();
  expect(umlaut.endsWith(' 2 ü')).toBe(true); // bytes, not letters
});

describe.each(['Ed25519', 'ECDSA-P256'] as const)('%s', (alg) => {
  const mine = made(alg);
  const other = made(alg);

  it('holds for the key that signed', () => {
    expect(envelopeHolds(signed(mine), mine.key)).toBe(true);
    expect(openEnvelope(signed(mine))).toMatchObject({
      statement: ACT,
      sha256: hash('sha256', payload),
    });
  });

  it('does not hold for another key, payload, signature, name of a key or algorithm', () => {
    const good = signed(mine);
    const [line] = good.signatures;
    const elsewhere = statementBytes({ ...ACT, channel: 'people.enrol' });
    const alien = { ...mine.key, alg: alg === 'Ed25519' ? 'ECDSA-P256' : 'Ed25519' } as const;
    expect(envelopeHolds(good, other.key)).toBe(false);
    expect(envelopeHolds(good, alien)).toBe(false);
    expect(envelopeHolds(good, { ...mine.key, sha256: other.key.sha256 })).toBe(false);
    expect(envelopeHolds(good, { ...mine.key, spki: other.key.spki })).toBe(false);
    for (const spoilt of [
      { ...good, payload: Buffer.from(elsewhere).toString('base64') },
      { ...good, signatures: [{ ...line!, sig: signed(other).signatures[0]!.sig }] },
      { ...good, signatures: [{ ...line!, keyid: other.key.sha256 }] },
      { ...good, signatures: [{ ...line!, sig: '' }] },
      { ...good, signatures: [] },
    ])
      expect(envelopeHolds(spoilt, mine.key)).toBe(false);
  });
});

it('opens only what is canonical and in the table', () => {
  const mine = made('Ed25519');
  const open = (text: string) => openEnvelope(signed(mine, Buffer.from(text)));
  const text = Buffer.from(payload).toString();
  expect(open(text)).toBeDefined();
  for (const spoilt of [
    ` ${text}`,
    text.replace('"v":1', '"v":2'),
    text.replace('{', '{"a":1,'),
    text.replace('"kind":"act"', '"kind":"enrolment"'),
    'null',
    '',
  ])
    expect(open(spoilt)).toBeUndefined();
  expect(openEnvelope({ ...signed(mine), payload: '?' })).toBeUndefined();
});
