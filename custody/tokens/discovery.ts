/**
 * Where vendors install their PKCS#11 libraries. A new family is one entry; the variables it reads are in shared/environment.json.
 *
 * Sources: each vendor's installation guide; Debian's package contents for the free ones.
 */
import { existsSync, realpathSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Family } from '../../shared/domain/tokens.ts';

type Platform = 'linux' | 'darwin' | 'win32';

interface FamilyEntry {
  readonly family: Family;
  readonly label: string;
  /** How the library's file is named, on any system. */
  readonly file: RegExp;
  /** `{lib}` stands for each of the system's library folders. */
  readonly paths: Readonly<Partial<Record<Platform, readonly string[]>>>;
}

const PROGRAMS = 'C:\\Program Files';

const TABLE: readonly FamilyEntry[] = [
  {
    family: 'softhsm',
    label: 'SoftHSM 2',
    file: /^libsofthsm2\.|^softhsm2/iu,
    paths: {
      linux: [
        '{lib}/softhsm/libsofthsm2.so',
        '{lib}/pkcs11/libsofthsm2.so',
        '{lib}/libsofthsm2.so',
      ],
      darwin: ['{lib}/softhsm/libsofthsm2.so'],
      win32: ['C:\\SoftHSM2\\lib\\softhsm2-x64.dll'],
    },
  },
  {
    family: 'nss',
    label: 'NSS softoken',
    file: /softokn3\./iu,
    paths: {
      linux: ['{lib}/libsoftokn3.so', '{lib}/nss/libsoftokn3.so'],
      darwin: ['{lib}/libsoftokn3.dylib', '/opt/homebrew/opt/nss/lib/libsoftokn3.dylib'],
      win32: [`${PROGRAMS}\\Mozilla Firefox\\softokn3.dll`],
    },
  },
  {
    family: 'opensc',
    label: 'OpenSC (smart cards)',
    file: /opensc-pkcs11\./iu,
    paths: {
      linux: ['{lib}/pkcs11/opensc-pkcs11.so', '{lib}/opensc-pkcs11.so'],
      darwin: ['/Library/OpenSC/lib/opensc-pkcs11.so', '{lib}/pkcs11/opensc-pkcs11.so'],
      win32: [`${PROGRAMS}\\OpenSC Project\\OpenSC\\pkcs11\\opensc-pkcs11.dll`],
    },
  },
  {
    family: 'ykcs11',
    label: 'YubiKey PIV (ykcs11)',
    file: /ykcs11/iu,
    paths: {
      linux: ['{lib}/libykcs11.so', '{lib}/libykcs11.so.2'],
      darwin: ['{lib}/libykcs11.dylib'],
      win32: [`${PROGRAMS}\\Yubico\\Yubico PIV Tool\\bin\\libykcs11.dll`],
    },
  },
  {
    family: 'opencryptoki',
    label: 'openCryptoki',
    file: /opencryptoki/iu,
    paths: {
      linux: ['{lib}/opencryptoki/libopencryptoki.so', '{lib}/opencryptoki/libopencryptoki.so.0'],
    },
  },
  {
    family: 'tpm2',
    label: 'TPM 2 (tpm2-pkcs11)',
    file: /tpm2_pkcs11/iu,
    paths: {
      linux: [
        '{lib}/pkcs11/libtpm2_pkcs11.so',
        '{lib}/libtpm2_pkcs11.so.1',
        '{lib}/libtpm2_pkcs11.so',
      ],
    },
  },
  {
    family: 'p11-kit',
    label: 'p11-kit',
    file: /^p11-kit-(?:client|proxy|trust)\.|^libp11-kit\./iu,
    paths: {
      linux: ['{lib}/pkcs11/p11-kit-client.so', '{lib}/p11-kit-proxy.so'],
      darwin: ['{lib}/pkcs11/p11-kit-client.so', '{lib}/p11-kit-proxy.dylib'],
    },
  },
  {
    family: 'yubihsm',
    label: 'YubiHSM 2',
    file: /yubihsm_pkcs11/iu,
    paths: {
      linux: ['{lib}/pkcs11/yubihsm_pkcs11.so', '{lib}/yubihsm_pkcs11.so'],
      darwin: ['{lib}/pkcs11/yubihsm_pkcs11.dylib', '{lib}/pkcs11/yubihsm_pkcs11.so'],
      win32: [`${PROGRAMS}\\YubiHSM Shell\\bin\\pkcs11\\yubihsm_pkcs11.dll`],
    },
  },
  {
    family: 'luna',
    label: 'Thales Luna',
    file: /cryptoki2(?:_64)?\.|^libCryptoki2/iu,
    paths: {
      linux: [
        '/usr/safenet/lunaclient/lib/libCryptoki2_64.so',
        '/usr/lunasa/lib/libCryptoki2_64.so',
      ],
      darwin: ['/usr/safenet/lunaclient/lib/libCryptoki2.dylib'],
      win32: [`${PROGRAMS}\\SafeNet\\LunaClient\\cryptoki.dll`],
    },
  },
  {
    family: 'nshield',
    label: 'Entrust nShield',
    file: /^(?:lib)?cknfast/iu,
    paths: {
      linux: ['/opt/nfast/toolkits/pkcs11/libcknfast.so'],
      win32: [`${PROGRAMS}\\nCipher\\nfast\\toolkits\\pkcs11\\cknfast.dll`],
    },
  },
  {
    family: 'utimaco',
    label: 'Utimaco CryptoServer',
    file: /cs_pkcs11_r[23]/iu,
    paths: {
      linux: [
        '/opt/utimaco/lib/libcs_pkcs11_R3.so',
        '/usr/lib/libcs_pkcs11_R3.so',
        '{lib}/libcs_pkcs11_R3.so',
      ],
      win32: [`${PROGRAMS}\\Utimaco\\CryptoServer\\Lib\\cs_pkcs11_R3.dll`],
    },
  },
  {
    family: 'cloudhsm',
    label: 'AWS CloudHSM',
    file: /cloudhsm_pkcs11/iu,
    paths: {
      linux: ['/opt/cloudhsm/lib/libcloudhsm_pkcs11.so'],
      win32: [`${PROGRAMS}\\Amazon\\CloudHSM\\lib\\cloudhsm_pkcs11.dll`],
    },
  },
];

/** Debian's multiarch names; other distributions use lib64. */
const TRIPLET: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
};

const libraryFolders = (platform: string, arch: string): string[] => {
  if (platform === 'darwin') return ['/opt/homebrew/lib', '/usr/local/lib'];
  const triplet = TRIPLET[arch];
  return [
    ...(triplet === undefined ? [] : [`/usr/lib/${triplet}`]),
    '/usr/lib64',
    '/usr/lib',
    '/usr/local/lib',
  ];
};

interface FoundModule {
  readonly family: Family;
  /** The real path, links resolved. */
  readonly path: string;
  readonly label: string;
}

/** Every well-known path of a family on a system, in order of preference. */
export const wellKnownPaths = (
  family: Family,
  platform: string = process.platform,
  arch: string = process.arch,
): string[] => {
  const paths = TABLE.find((entry) => entry.family === family)?.paths[platform as Platform] ?? [];
  const folders = libraryFolders(platform, arch);
  return paths.flatMap((path) =>
    path.startsWith('{lib}')
      ? folders.map((folder) => folder + path.slice('{lib}'.length))
      : [path],
  );
};

/** The installed libraries, found by path; none is opened or loaded. */
export const findModules = (): FoundModule[] => {
  const found = new Map<string, FoundModule>();
  for (const { family, label } of TABLE)
    for (const candidate of wellKnownPaths(family)) {
      if (!existsSync(candidate)) continue;
      const path = realpathSync(candidate);
      if (!found.has(path)) found.set(path, { family, path, label });
    }
  return [...found.values()];
};

/** By file name; a library under another name is `other` until a person says what it is. */
export const familyOf = (path: string): Family => {
  const name = path.includes('\\') ? win32.basename(path) : posix.basename(path);
  return TABLE.find(({ file }) => file.test(name))?.family ?? 'other';
};
