/**
 * System packages that Keymoot needs and npm can't install. Detected as files and commands, not in a package database: this checks what will be used, works on
 * any system, and takes a millisecond.
 */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { must, Stop } from './project.mjs';

export function onPath(names, path = process.env.PATH ?? '') {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return names.some((name) =>
    path.split(delimiter).some((folder) => {
      try {
        accessSync(join(folder, name + suffix), constants.X_OK);
        return true;
      } catch {
        return false; // missing, or not executable for us
      }
    }),
  );
}

/** Distributions differ in their library folders: /usr/lib/<machine>, /usr/lib64, /usr/lib, Homebrew. */
function libraryFolders() {
  const usual = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/opt/homebrew/lib'];
  const byMachine = (existsSync('/usr/lib') ? readdirSync('/usr/lib') : [])
    .filter((name) => name.includes('-linux-'))
    .map((name) => `/usr/lib/${name}`);
  return [...byMachine, ...usual];
}

const hasLibrary = (...names) =>
  libraryFolders().some((folder) => names.some((name) => existsSync(join(folder, name))));

/** `apt`, `dnf` and `brew` are package names; an entry without one comes with that system. */
export const REQUIREMENTS = [
  {
    what: 'a C++ compiler, for the PKCS#11 binding',
    present: () => onPath(['g++', 'c++', 'clang++', 'cl']),
    apt: 'g++',
    dnf: 'gcc-c++',
  },
  {
    what: 'make, for the same',
    present: () => process.platform === 'win32' || onPath(['make', 'gmake']),
    apt: 'make',
    dnf: 'make',
  },
  {
    what: 'Python 3, for the same',
    present: () => onPath(['python3', 'python']),
    apt: 'python3',
    dnf: 'python3',
    brew: 'python3',
  },
  {
    what: 'SoftHSM, the software token of the rehearsal and the tests',
    present: () => hasLibrary('softhsm/libsofthsm2.so', 'pkcs11/libsofthsm2.so', 'libsofthsm2.so'),
    apt: 'softhsm2',
    dnf: 'softhsm',
    brew: 'softhsm',
  },
  {
    what: "NSS's software token, a second vendor for the tests",
    present: () => hasLibrary('libsoftokn3.so', 'nss/libsoftokn3.so', 'libsoftokn3.dylib'),
    apt: 'libnss3',
    dnf: 'nss-softokn',
    brew: 'nss',
  },
  {
    what: "the openssl command, the tests' and the verifier's second opinion",
    present: () => onPath(['openssl']),
    apt: 'openssl',
    dnf: 'openssl',
    brew: 'openssl',
  },
];

/** The Chromium for the fallback window. Debian's name first, then other names. */
export const CHROMIUM = {
  what: 'Chromium, for the window where Electron can’t be had',
  present: () =>
    onPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) ||
    existsSync('/Applications/Google Chrome.app'),
  apt: 'chromium',
  dnf: 'chromium',
};

const linuxLibrary = (what, file, apt, dnf) => ({
  what: `${what}, for Electron’s window`,
  present: () => process.platform !== 'linux' || hasLibrary(file),
  apt,
  dnf,
});

/** Desktop libraries that Electron's runtime loads. */
export const ELECTRON_LIBRARIES = [
  linuxLibrary('GTK 3', 'libgtk-3.so.0', 'libgtk-3-0', 'gtk3'),
  linuxLibrary('GBM', 'libgbm.so.1', 'libgbm1', 'mesa-libgbm'),
  linuxLibrary('ALSA', 'libasound.so.2', 'libasound2', 'alsa-lib'),
];

/** A display for tests that open windows on a machine without one. */
export const DISPLAY = {
  what: 'Xvfb, a display for the tests of the window',
  present: () => process.platform !== 'linux' || onPath(['Xvfb']),
  apt: 'xvfb',
  dnf: 'xorg-x11-server-Xvfb',
};

/** For tests that trace a window's system calls. */
export const TRACER = {
  what: 'strace, for the tests of what a window asks of the network',
  present: () => process.platform !== 'linux' || onPath(['strace']),
  apt: 'strace',
  dnf: 'strace',
};

export const missing = (requirements = REQUIREMENTS) =>
  requirements.filter(({ present }) => !present());

/** The command that installs the missing packages, or undefined for an unknown package manager. */
export function installCommand(requirements, manager) {
  const names = requirements.map((requirement) => requirement[manager]).filter(Boolean);
  if (names.length === 0) return undefined;
  if (manager === 'apt') return ['apt-get', 'install', '-y', '--no-install-recommends', ...names];
  return [manager, 'install', ...names];
}

/** Installs missing packages as root on Debian and its derivatives; elsewhere prints what to install, and stops. */
export async function ensureSystem(say, requirements = REQUIREMENTS) {
  const wanted = missing(requirements);
  if (wanted.length === 0) return;
  say('Keymoot needs from this system:');
  for (const { what } of wanted) say(`  - ${what}`);

  const manager = ['apt', 'dnf', 'brew'].find((name) =>
    onPath([name === 'apt' ? 'apt-get' : name]),
  );
  const command = manager && installCommand(wanted, manager);
  if (!command) throw new Stop("install these with your system's packages, then run this again");
  const asRoot = process.getuid?.() === 0;
  if (manager !== 'apt' || !asRoot || !existsSync('/etc/debian_version')) {
    const sudo = asRoot || manager === 'brew' ? '' : 'sudo ';
    throw new Stop(
      `install them with this command, then run this again:\n  ${sudo}${command.join(' ')}`,
    );
  }

  say(`Installing them: ${command.join(' ')}`);
  const quiet = ['-qq', '-o', 'Dpkg::Use-Pty=0'];
  const options = {
    // apt must not wait for input from a keyboard that may not be there.
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  await must('apt-get update', 'apt-get', ['update', ...quiet], options);
  await must('apt-get install', 'apt-get', [...quiet, ...command.slice(1)], options);

  const still = missing(requirements);
  if (still.length > 0) {
    throw new Stop(`installed, yet not found: ${still.map(({ what }) => what).join('; ')}`);
  }
}
