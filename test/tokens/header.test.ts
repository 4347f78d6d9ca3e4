import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkLibrary, hashFile, inspectHeader } from '../../custody/tokens/header.ts';
import { softhsmLibrary } from '../support/softhsm.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

const elf = (bits: 32 | 64, machine: number, type = 3, little = true): Uint8Array => {
  const header = new Uint8Array(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, bits === 32 ? 1 : 2, little ? 1 : 2, 1]);
  const data = new DataView(header.buffer);
  data.setUint16(16, type, little);
  data.setUint16(18, machine, little);
  return header;
};
const machO = (magic: number, cpu: number, type: number): Uint8Array => {
  const header = new Uint8Array(32);
  const data = new DataView(header.buffer);
  data.setUint32(0, magic);
  data.setUint32(4, cpu, true);
  data.setUint32(12, type, true);
  return header;
};
const fat = (...cpus: number[]): Uint8Array => {
  const header = new Uint8Array(8 + 20 * cpus.length);
  const data = new DataView(header.buffer);
  data.setUint32(0, 0xcafebabe);
  data.setUint32(4, cpus.length);
  cpus.forEach((cpu, i) => {
    data.setUint32(8 + 20 * i, cpu);
  });
  return header;
};
const pe = (machine: number, characteristics: number): Uint8Array => {
  const header = new Uint8Array(256);
  const data = new DataView(header.buffer);
  data.setUint16(0, 0x4d5a);
  data.setUint32(0x3c, 0x80, true);
  data.setUint32(0x80, 0x50450000);
  data.setUint16(0x84, machine, true);
  data.setUint16(0x96, characteristics, true);
  return header;
};

const said = (bytes: Uint8Array, platform: string, arch: string): string =>
  inspectHeader(bytes, platform, arch)?.message ?? 'fine';

test.each([
  ['linux', 'x64', elf(64, 0x3e)],
  ['linux', 'arm64', elf(64, 0xb7)],
  ['linux', 's390x', elf(64, 0x16, 3, false)],
  ['darwin', 'arm64', machO(0xcffaedfe, 0x0100000c, 6)],
  ['darwin', 'x64', machO(0xcffaedfe, 0x01000007, 8)],
  ['darwin', 'x64', fat(0x01000007, 0x0100000c)],
  ['win32', 'x64', pe(0x8664, 0x2022)],
])('a library for %s on %s is taken there', (platform, arch, bytes) => {
  expect(said(bytes, platform, arch)).toBe('fine');
});

test.each([
  ['linux', 'x64', elf(32, 0x03), /This is a 32-bit module, and this is a 64-bit program/u],
  ['linux', 'ia32', elf(64, 0x3e), /This is a 64-bit module, and this is a 32-bit program/u],
  ['linux', 'x64', elf(64, 0xb7), /for another processor \(arm64\), this machine has x64/u],
  ['darwin', 'arm64', fat(0x01000007), /for another processor \(x64\)/u],
  ['win32', 'x64', pe(0x14c, 0x2022), /32-bit module/u],
  ['linux', 'x64', pe(0x8664, 0x2022), /made for Windows/u],
  ['win32', 'x64', elf(64, 0x3e), /made for Linux/u],
  ['linux', 'x64', machO(0xcffaedfe, 0x01000007, 6), /made for macOS/u],
])(
  'on %s, %s: a library that can not be loaded there is explained',
  (platform, arch, bytes, why) => {
    const wrong = inspectHeader(bytes, platform, arch);
    expect(wrong?.code).toBe('module-wrong-width');
    expect(wrong?.message).toMatch(why);
  },
);

test.each([
  [elf(64, 0x3e, 2), /a program or a part of one/u],
  [elf(64, 0x3e, 1), /a program or a part of one/u],
  [new Uint8Array(0), /the file is empty/u],
  [ascii('#!/bin/sh\nexec true\n'), /it is a script/u],
  [ascii('/* GNU ld script */\nINPUT ( libreal.so.1 )\n'), /a linker script/u],
  [ascii('GROUP ( /usr/lib/libreal.so.1 )\n'), /a linker script/u],
  [ascii('notes about the module\n'), /it is a text file/u],
  [Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0), /does not have the form of one/u],
  [Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), /does not have the form of one/u],
  [Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x41, ...new Uint8Array(24)]), /form of one/u],
])('what is no shared library is named: %#', (bytes, why) => {
  const wrong = inspectHeader(bytes, 'linux', 'x64');
  expect(wrong?.code).toBe('module-not-library');
  expect(wrong?.message).toMatch(why);
});

test('no prefix of a header is read beyond its end', () => {
  for (const whole of [elf(64, 0x3e), fat(0x01000007), pe(0x8664, 0x2022), machO(0xcffaedfe, 7, 6)])
    for (let length = 0; length < whole.length; length += 1)
      expect(() => inspectHeader(whole.subarray(0, length), 'linux', 'x64')).not.toThrow();
});

test('files are looked at where they lie', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keymoot-header-'));
  try {
    writeFileSync(join(folder, 'empty.so'), '');
    expect(() => checkLibrary(join(folder, 'empty.so'))).toThrow(/empty/u);
    expect(() => checkLibrary(folder)).toThrow(/it is a folder/u);
    expect(() => checkLibrary(join(folder, 'none.so'))).toThrow(/no such file/u);
    expect(() => checkLibrary('libsofthsm2.so')).toThrow(/whole path/u);
    const real = softhsmLibrary();
    if (real !== undefined) expect(() => checkLibrary(real)).not.toThrow();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a file’s hash is that of its bytes', async () => {
  const path = import.meta.filename;
  const expected = createHash('sha256').update(readFileSync(path)).digest('hex');
  expect(await hashFile(path)).toBe(expected);
});
