import type { TokenInfo } from 'pkcs11js';
import { expect, test } from 'vitest';
import { decodeAttribute } from '../../custody/tokens/process/attributes.ts';
import { loadError } from '../../custody/tokens/process/cryptoki.ts';
import { DeviceError, deviceError, forPeople } from '../../custody/tokens/process/errors.ts';
import { joinPin, summaryOf } from '../../custody/tokens/process/login.ts';
import { keyGeneration, oaep } from '../../custody/tokens/process/mechanisms.ts';
import { nativeRequire } from '../../custody/native.ts';
import { CKR } from '../../shared/token/cryptoki.ts';
import { isErrorCode } from '../../shared/errors.ts';
import { halves } from '../support/softhsm.ts';

const version = { major: 1, minor: 2 };
const info = (flags: number, more: Partial<TokenInfo> = {}): TokenInfo =>
  ({
    label: 'Card'.padEnd(32),
    manufacturerID: `Vendor\0\0`,
    model: 'M1   ',
    serialNumber: '0042',
    flags,
    minPinLen: 4,
    maxPinLen: 8,
    hardwareVersion: version,
    firmwareVersion: version,
    ...more,
  }) as TokenInfo;

const INITIALISED = 0x400;
const PIN_SET = 0x8;

test('a device’s text loses its padding, spaces and NULs alike', () => {
  expect(summaryOf(info(INITIALISED)).identity).toEqual({
    manufacturer: 'Vendor',
    model: 'M1',
    serial: '0042',
    label: 'Card',
  });
});

test.each([
  [INITIALISED | PIN_SET, 'ok'],
  [INITIALISED, 'not-set'],
  [INITIALISED | PIN_SET | 0x10000, 'count-low'],
  [INITIALISED | PIN_SET | 0x10000 | 0x20000, 'final-try'],
  [INITIALISED | PIN_SET | 0x40000, 'locked'],
  [PIN_SET, 'not-set'],
])('flags %i say that the user PIN is %s', (flags, state) => {
  expect(summaryOf(info(flags)).userPin).toBe(state);
});

test('a token that never sets flags is said to say nothing', () => {
  const nss = info(INITIALISED | PIN_SET, { manufacturerID: 'Mozilla Foundation' });
  expect(summaryOf(nss).userPin).toBe('unknown');
});

test('a PIN is joined in the order of the seats, and its halves are cleared', () => {
  const pin = halves('12', '3456');
  expect(joinPin(pin, info(0))).toBe('123456');
  expect([...pin.first, ...pin.second]).toEqual([0, 0, 0, 0, 0, 0]);
});

test('a PIN that is refused is cleared too', () => {
  const pin = halves('12', '3456789');
  expect(() => joinPin(pin, info(0))).toThrow(/4 to 8 bytes; the two halves together have 9/u);
  expect([...pin.first, ...pin.second].every((byte) => byte === 0)).toBe(true);
});

test('a letter may be split between the halves', () => {
  const [one, two, three] = new TextEncoder().encode('ä1');
  const pin = {
    first: Uint8Array.of(0x30, 0x31, one ?? 0),
    second: Uint8Array.of(two ?? 0, three ?? 0),
  };
  expect(joinPin(pin, info(0))).toBe('01ä1');
});

test('lengths that no device can mean are no limit', () => {
  const unlimited = info(0, { minPinLen: 0xffffffff, maxPinLen: 0 });
  expect(joinPin(halves('1', '2'), unlimited)).toBe('12');
});

test('numbers are decoded by their length, and unknown ones are left out', () => {
  const number = (...bytes: number[]) => decodeAttribute('VALUE_LEN', Uint8Array.from(bytes));
  expect(number(32, 0, 0, 0)).toBe(32);
  expect(number(32, 0, 0, 0, 0, 0, 0, 0)).toBe(32);
  expect(number(0xff, 0xff, 0xff, 0xff)).toBeUndefined();
  expect(number(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)).toBeUndefined();
  expect(number(1, 2, 3)).toBeUndefined();
  expect(number()).toBeUndefined();
  expect(decodeAttribute('SENSITIVE', Uint8Array.of(1))).toBe(true);
  expect(decodeAttribute('SENSITIVE', new Uint8Array(0))).toBeUndefined();
  expect(decodeAttribute('ID', new Uint8Array(0))).toBeUndefined();
  expect(decodeAttribute('LABEL', Uint8Array.of(0x41, 0xff))).toBe('A\ufffd');
});

test('a device’s error keeps its own name and never a value', () => {
  const error = deviceError(new Error('CKR_PIN_INCORRECT:160\n  at PKCS11.C_Login'), 'C_Login');
  expect(error).toBeInstanceOf(DeviceError);
  expect(forPeople(error as DeviceError)).toMatchObject({
    code: 'pin-wrong',
    fields: { device: 'CKR_PIN_INCORRECT from C_Login' },
  });
  const ours = new TypeError('Argument 1 has wrong type');
  expect(deviceError(ours, 'C_Login')).toBe(ours);
});

test('every return code has words', () => {
  for (const code of [...Object.keys(CKR).map(Number), 0x80000001]) {
    const error = forPeople(new DeviceError(code, 'C_Sign'));
    expect(isErrorCode(error.code)).toBe(true);
    expect(error.message.length).toBeGreaterThan(10);
  }
});

test.each([
  [
    'libvendor.so.3: cannot open shared object file: No such file or directory',
    'module-dependency',
  ],
  ['/opt/m.so: undefined symbol: C_GetFunctionList', 'module-not-pkcs11'],
  ['/opt/m.so: undefined symbol: EVP_old', 'module-dependency'],
  ['/opt/m.so: wrong ELF class: ELFCLASS32', 'module-wrong-width'],
  ['/opt/m.so: file too short', 'module-not-library'],
  ['/opt/m.so: cannot dynamically load position-independent executable', 'module-not-library'],
  ['Win32 error 126', 'module-dependency'],
  ['Win32 error 127', 'module-not-pkcs11'],
  ['Win32 error 193', 'module-wrong-width'],
  ['CKR_GENERAL_ERROR:5', 'module-failed'],
])('the loader’s "%s" is %s', (said, code) => {
  expect(loadError(new Error(said), '/opt/m.so').code).toBe(code);
});

test('the parameters of OAEP are complete, since an undefined one would end the process', () => {
  const { CK_PARAMS_RSA_OAEP } = nativeRequire('pkcs11js');
  expect(oaep('SHA-256')).toEqual({
    mechanism: 9,
    parameter: { type: CK_PARAMS_RSA_OAEP, hashAlg: 0x250, mgf: 2, source: 1 },
  });
  for (const hash of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] as const)
    expect(Object.values(oaep(hash).parameter ?? {})).not.toContain(undefined);
});

test('only generations that we know are passed on', () => {
  expect(keyGeneration(0x1080)).toEqual({ mechanism: 0x1080 });
  for (const mechanism of [0x1, 0x9, 0x1054, 0x80000000])
    expect(() => keyGeneration(mechanism)).toThrow(/makes no keys/u);
});
