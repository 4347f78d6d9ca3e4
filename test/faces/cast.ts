/** Invented people and their secrets, which are random for each test and used nowhere else. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Role } from '../../shared/domain/people.ts';
import { openssl } from './openssl.ts';

export interface Person {
  name: string;
  role: Role;
  passphrase: string;
}
/** A PIN that two people hold. */
export interface Pin {
  first: string;
  second: string;
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz';
export const drawn = (length: number, from = LETTERS): string =>
  Array.from({ length }, () => from[randomInt(from.length)]).join('');
export const newPin = (): Pin => ({ first: drawn(8, '23456789'), second: drawn(8, '23456789') });

const person = (name: string, role: Role): Person => ({ name, role, passphrase: drawn(16) });

/** The fewest people for a component ceremony, and an approver without a seat in it. */
export const newCast = () => ({
  ada: person('Ada Moreno', 'administrator'),
  otto: person('Otto Lind', 'officer'),
  cleo: person('Cleo Baptiste', 'custodian'),
  chidi: person('Chidi Eze', 'custodian'),
  carmen: person('Carmen Ruiz', 'custodian'),
  wim: person('Wim de Boer', 'witness'),
});
export type Cast = ReturnType<typeof newCast>;
/** The person at each seat of a ceremony, by the seat's name in the window. */
export const seatsOf = ({
  ada,
  cleo,
  chidi,
  carmen,
  wim,
}: Cast): Readonly<Record<string, Person>> => ({
  Administrator: ada,
  'Custodian 1': cleo,
  'Custodian 2': chidi,
  'Custodian 3': carmen,
  Witness: wim,
});

export interface Envelope {
  /** Hex digits, as printed. */
  component: string;
  check: string;
  serial: string;
}
/** The papers from a key's sender: one for each custodian, and a letter. */
export interface Papers {
  envelopes: [Envelope, Envelope, Envelope];
  /** Check value of the key itself. */
  letter: string;
}

/** X9.24-CMAC of an AES key, ten hex digits, calculated by OpenSSL. */
export const cmac = (hexKey: string): string =>
  openssl(
    ['mac', '-cipher', `AES-${hexKey.length * 4}-CBC`, '-macopt', `hexkey:${hexKey}`, 'CMAC'],
    Buffer.alloc(16),
  )
    .toString()
    .trim()
    .slice(0, 10)
    .toUpperCase();

let envelopes = 0;
const envelope = (component: Buffer): Envelope => {
  const hex = component.toString('hex').toUpperCase();
  envelopes += 1;
  return { component: hex, check: cmac(hex), serial: `E-${String(envelopes).padStart(4, '0')}` };
};

/** Random components, each beginning with the mark where there is one. */
export const packPapers = (bytes: 16 | 32 = 32, mark: Uint8Array = new Uint8Array()): Papers => {
  const part = () => Buffer.concat([mark, randomBytes(bytes - mark.length)]);
  const parts = [part(), part(), part()] as const;
  const key = Buffer.alloc(bytes);
  for (const part of parts) for (const [at, byte] of part.entries()) key[at]! ^= byte;
  return {
    envelopes: [envelope(parts[0]), envelope(parts[1]), envelope(parts[2])],
    letter: cmac(key.toString('hex')),
  };
};
