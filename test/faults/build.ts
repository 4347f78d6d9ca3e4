/**
 * Builds the misbehaving modules with the system's C compiler, once for each state of their sources, and steers the one that obeys.
 * README.md says what each module does and lists the lines of a control file.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const outFolder = join(here, '..', '..', 'out', 'faults');
const mac = process.platform === 'darwin';
const extension = mac ? '.dylib' : '.so';

const FLAGS = ['-shared', '-fPIC', '-fvisibility=hidden', '-std=gnu11', '-O1', '-g'];
const WARNINGS = ['-Wall', '-Wextra', '-Wno-unused-parameter'];

export interface Faults {
  /** Forwards to KEYMOOT_FAULTS_FORWARD and misbehaves as the control file says. */
  readonly faulty: string;
  /** A shared library without C_GetFunctionList. */
  readonly notPkcs11: string;
  /** C_Initialize never returns. */
  readonly hangInit: string;
  /** C_Initialize writes through a wild pointer. */
  readonly crashInit: string;
  /** C_GetFunctionList answers CKR_OK with a null list. */
  readonly lying: string;
  /** Needs a library that is not there. */
  readonly missingDep: string;
  /** The header of a library for a 32-bit x86 system; 52 bytes. */
  readonly elf32: string;
  /** A text file with the name of a library. */
  readonly notALibrary: string;
}

/** The compiler's command, `cc` unless CC says otherwise, or undefined when there is none. */
export const compiler = (): string | undefined => {
  const command = process.env['CC'] ?? 'cc';
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return command;
  } catch {
    return undefined;
  }
};

/** ELF header, System V ABI chapter 4: class 32, little-endian, ET_DYN, EM_386, no sections and no segments. */
const elf32Header = (): Buffer => {
  const header = Buffer.alloc(52);
  header.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  header.writeUInt16LE(3, 16); // e_type
  header.writeUInt16LE(3, 18); // e_machine
  header.writeUInt32LE(1, 20); // e_version
  header.writeUInt16LE(52, 40); // e_ehsize
  header.writeUInt16LE(32, 42); // e_phentsize
  header.writeUInt16LE(40, 46); // e_shentsize
  return header;
};

const pathsIn = (folder: string): Faults => {
  const library = (name: string): string => join(folder, `${name}${extension}`);
  return {
    faulty: library('faulty'),
    notPkcs11: library('notpkcs11'),
    hangInit: library('hanginit'),
    crashInit: library('crashinit'),
    lying: library('lying'),
    missingDep: library('missingdep'),
    elf32: library('elf32'),
    notALibrary: library('notalibrary'),
  };
};

const sourceHash = (command: string): string => {
  const hash = createHash('sha256');
  hash
    .update(execFileSync(command, ['--version']))
    .update(process.arch)
    .update(FLAGS.join(' '));
  for (const name of readdirSync(here)
    .filter((entry) => /\.(c|h)$|^build\.ts$/u.test(entry))
    .sort())
    hash.update(`\0${name}\0`).update(readFileSync(join(here, name)));
  return hash.digest('hex').slice(0, 16);
};

const build = (command: string, folder: string): void => {
  const paths = pathsIn(folder);
  const compile = (source: string, out: string, ...more: string[]): void => {
    execFileSync(command, [...FLAGS, ...WARNINGS, join(here, source), '-o', out, ...more], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  };
  compile('faulty.c', paths.faulty, ...(mac ? [] : ['-ldl']));
  compile('notpkcs11.c', paths.notPkcs11);
  compile('hanginit.c', paths.hangInit);
  compile('crashinit.c', paths.crashInit);
  compile('lying.c', paths.lying);
  const gone = join(folder, `libkeymootgone${extension}`);
  compile('gone.c', gone);
  const needed = mac ? [] : ['-Wl,--no-as-needed'];
  compile('missingdep.c', paths.missingDep, ...needed, `-L${folder}`, '-lkeymootgone');
  rmSync(gone);
  writeFileSync(paths.elf32, elf32Header());
  writeFileSync(paths.notALibrary, 'This is a text file with the name of a library.\n');
};

/**
 * Absolute paths of all modules, compiled when they were not yet. Processes that build at the same time don't disturb each other.
 *
 * @throws Error when there is no C compiler, or with what it said
 */
export const buildFaults = (): Faults => {
  const command = compiler();
  if (command === undefined)
    throw new Error('there is no C compiler; install one (Debian: apt install gcc) or set CC');
  const folder = join(outFolder, sourceHash(command));
  if (existsSync(folder)) return pathsIn(folder);
  mkdirSync(outFolder, { recursive: true });
  const temporary = mkdtempSync(join(outFolder, 'building-'));
  try {
    build(command, temporary);
    try {
      renameSync(temporary, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return pathsIn(folder);
};

export interface Control {
  /** For the process that loads the faulty module. */
  readonly env: Readonly<Record<string, string>>;
  /** Puts the same, and `more`, beside a copy of the faulty module: for a desk, which gives a library only what its family reads. */
  beside: (library: string, more?: Readonly<Record<string, string>>) => void;
  /** Replaces the control file at once; lines as README.md lists them. Effective from the next call on. */
  set: (...lines: string[]) => void;
  /** Names of all calls so far, in order, of every process. */
  calls: () => string[];
  /** How often a function was called. */
  count: (name: string) => number;
  /** Whether a call that hangs after its work has done the work. */
  hanging: () => boolean;
  /** Empties the record of calls. */
  forget: () => void;
}

/**
 * A control file and a record of calls in a folder of the test's own.
 *
 * @param folder an existing folder
 * @param forward the real module
 */
export const control = (folder: string, forward: string): Control => {
  const file = join(folder, 'faults-control');
  const log = join(folder, 'faults-log');
  const lines = (): string[] =>
    existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
  const calls = (): string[] => lines().filter((line) => !line.startsWith('#'));
  const set = (...lines: string[]): void => {
    writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''));
    renameSync(`${file}.new`, file);
  };
  set();
  const env = {
    KEYMOOT_FAULTS_FORWARD: forward,
    KEYMOOT_FAULTS_CONTROL: file,
    KEYMOOT_FAULTS_LOG: log,
  };
  return {
    env,
    beside: (library, more = {}) => {
      const pairs = Object.entries({ ...env, ...more });
      writeFileSync(
        `${library}.faults`,
        pairs.map(([name, value]) => `${name}=${value}\n`).join(''),
      );
    },
    set,
    calls,
    count: (name) => calls().filter((call) => call === name).length,
    hanging: () => lines().includes('# hanging'),
    forget: () => rmSync(log, { force: true }),
  };
};
