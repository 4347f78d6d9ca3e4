/**
 * A library's file: its hash, and its format read from its first bytes, so that a wrong file is explained before the loader runs any of it.
 *
 * ELF: System V ABI, chapter 4. Mach-O: <mach-o/loader.h>, <mach-o/fat.h>. PE: Microsoft PE Format, section "COFF File Header". Faults that only loading shows
 * (a missing dependency, no C_GetFunctionList) are reported by cryptoki.ts.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { KeymootError } from '../../../shared/errors.ts';

/** Enough for a PE header behind a long DOS stub. */
const HEADER_BYTES = 4096;

type Processor = 'x64' | 'arm64' | 'ia32' | 'arm' | 'riscv64' | 'ppc64' | 's390x' | 'other';
type System = 'ELF' | 'macOS' | 'Windows';

interface Library {
  readonly system: System;
  readonly bits: 32 | 64;
  /** More than one in a universal file. */
  readonly processors: readonly Processor[];
  /** A shared library, not a program, object file or core dump. */
  readonly shared: boolean;
}

const ELF_MACHINE: Readonly<Record<number, Processor>> = {
  0x03: 'ia32',
  0x15: 'ppc64',
  0x16: 's390x',
  0x28: 'arm',
  0x3e: 'x64',
  0xb7: 'arm64',
  0xf3: 'riscv64',
};
const ELF_SHARED = 3;

const elf = (data: DataView): Library | undefined => {
  if (data.byteLength < 20 || data.getUint32(0) !== 0x7f454c46) return undefined;
  const little = data.getUint8(5) === 1;
  return {
    system: 'ELF',
    bits: data.getUint8(4) === 1 ? 32 : 64,
    processors: [ELF_MACHINE[data.getUint16(18, little)] ?? 'other'],
    shared: data.getUint16(16, little) === ELF_SHARED,
  };
};

const MACH_CPU: Readonly<Record<number, Processor>> = {
  0x7: 'ia32',
  0xc: 'arm',
  0x01000007: 'x64',
  0x0100000c: 'arm64',
};
/** MH_DYLIB and MH_BUNDLE: both can be loaded. */
const MACH_LOADABLE = [6, 8];
/** A Java class starts with the same four bytes, followed by a version above this. */
const MOST_SLICES = 20;

const machO = (data: DataView): Library | undefined => {
  if (data.byteLength < 16) return undefined;
  const magic = data.getUint32(0);
  if (magic === 0xcafebabe) {
    const slices = data.getUint32(4);
    if (slices === 0 || slices > MOST_SLICES || data.byteLength < 8 + slices * 20) return undefined;
    const processors = Array.from(
      { length: slices },
      (_, i) => MACH_CPU[data.getUint32(8 + i * 20)] ?? 'other',
    );
    return { system: 'macOS', bits: 64, processors, shared: true };
  }
  if (magic !== 0xcffaedfe && magic !== 0xcefaedfe) return undefined;
  return {
    system: 'macOS',
    bits: magic === 0xcffaedfe ? 64 : 32,
    processors: [MACH_CPU[data.getUint32(4, true)] ?? 'other'],
    shared: MACH_LOADABLE.includes(data.getUint32(12, true)),
  };
};

const PE_MACHINE: Readonly<Record<number, Processor>> = {
  0x14c: 'ia32',
  0x1c4: 'arm',
  0x8664: 'x64',
  0xaa64: 'arm64',
};
const PE_DLL = 0x2000;

const pe = (data: DataView): Library | undefined => {
  if (data.byteLength < 0x40 || data.getUint16(0) !== 0x4d5a) return undefined;
  const at = data.getUint32(0x3c, true);
  if (at + 24 > data.byteLength || data.getUint32(at) !== 0x50450000) return undefined;
  const processor = PE_MACHINE[data.getUint16(at + 4, true)] ?? 'other';
  return {
    system: 'Windows',
    bits: processor === 'ia32' || processor === 'arm' ? 32 : 64,
    processors: [processor],
    shared: (data.getUint16(at + 22, true) & PE_DLL) !== 0,
  };
};

const notLibrary = (why: string) =>
  new KeymootError('module-not-library', `This is not a shared library: ${why}.`);

const isText = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127));

const textual = (bytes: Uint8Array): KeymootError => {
  const text = Buffer.from(bytes).toString('latin1');
  if (/GNU ld script|^\s*(?:OUTPUT_FORMAT|INPUT|GROUP)\s*\(/mu.test(text))
    return notLibrary('it is a linker script, a text that names the library; choose that one');
  if (text.startsWith('#!')) return notLibrary('it is a script');
  return notLibrary('it is a text file');
};

const SYSTEM: Readonly<Record<string, System>> = { darwin: 'macOS', win32: 'Windows' };

/**
 * @param bytes the file's first bytes
 * @param platform, arch as Node names them in process.platform and process.arch
 * @returns the fault, or undefined
 */
export const inspectHeader = (
  bytes: Uint8Array,
  platform: string = process.platform,
  arch: string = process.arch,
): KeymootError | undefined => {
  if (bytes.length === 0) return notLibrary('the file is empty');
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const library = elf(data) ?? machO(data) ?? pe(data);
  if (!library)
    return isText(bytes) ? textual(bytes) : notLibrary('it does not have the form of one');
  const system = SYSTEM[platform] ?? 'ELF';
  if (library.system !== system) {
    const made = library.system === 'ELF' ? 'Linux' : library.system;
    return new KeymootError('module-wrong-width', `This library was made for ${made}.`);
  }
  if (!library.shared) return notLibrary('it is a program or a part of one');
  const program = arch === 'ia32' || arch === 'arm' ? 32 : 64;
  if (library.bits !== program)
    return new KeymootError(
      'module-wrong-width',
      `This is a ${library.bits}-bit module, and this is a ${program}-bit program. Ask the vendor for the ${program}-bit one.`,
    );
  if (!(library.processors as readonly string[]).includes(arch))
    return new KeymootError(
      'module-wrong-width',
      `This module is for another processor (${library.processors.join(', ')}), this machine has ${arch}.`,
    );
  return undefined;
};

/**
 * @param path absolute: for a bare name the loader would search its own folders
 * @throws KeymootError module-missing, module-not-library, module-wrong-width
 */
export const checkLibrary = (path: string): void => {
  if (!isAbsolute(path))
    throw new KeymootError('module-missing', 'A module is named by its whole path.');
  const wrong = inspectHeader(firstBytes(path));
  if (wrong) throw wrong;
};

/** Vendors' libraries have some tens of megabytes. */
const LARGEST = 512 * 1024 * 1024;

const firstBytes = (path: string): Uint8Array => {
  let file: number;
  try {
    // Non-blocking: a pipe without a writer would block the process.
    file = openSync(
      path,
      constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0),
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KeymootError(
      'module-missing',
      code === 'EACCES' || code === 'EPERM'
        ? 'This file may not be read by the account Keymoot runs under.'
        : 'There is no such file.',
    );
  }
  try {
    const about = fstatSync(file);
    if (about.isDirectory()) throw notLibrary('it is a folder');
    if (!about.isFile()) throw notLibrary('it is a device or a pipe');
    // The hash covers the whole file.
    if (about.size > LARGEST) throw notLibrary('it is larger than any library');
    const bytes = new Uint8Array(HEADER_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, HEADER_BYTES, 0));
  } catch (error) {
    if (error instanceof KeymootError) throw error;
    throw notLibrary('it could not be read');
  } finally {
    closeSync(file);
  }
};

/**
 * SHA-256 of a file, lower-case hex, read in pieces.
 *
 * @throws what Node throws when the file can't be read
 */
export const hashFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
};
