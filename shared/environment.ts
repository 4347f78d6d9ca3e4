/**
 * The environment of our child processes: only the variables named in environment.json.
 *
 * SECURITY: an environment can run code. LD_PRELOAD, NODE_OPTIONS, OPENSSL_CONF, GCONV_PATH, BASH_ENV and many more name libraries or programs, so only
 * variables known to be harmless pass. The names are data, since the scripts that start a window read them too, before TypeScript can be read.
 *
 * Sources of each library's variables: SoftHSM's softhsm2.conf(5); OpenSC's files.html and pcsc-lite's README (the reader's socket); tpm2-pkcs11's
 * docs/INITIALIZING.md; p11-kit's manual, “Remoting”; Yubico's YubiHSM 2 user guide, “PKCS#11 with YubiHSM 2”; Thales' Luna client guide, “Configuration file
 * summary”; Entrust's nShield “PKCS #11 library environment variables” and installation guide; Utimaco's “CryptoServer PKCS#11 R3 developer guide”. NSS is
 * configured by its parameters; openCryptoki and AWS CloudHSM (client 5) have files at fixed places.
 *
 * Excluded though documented: variables that name code (PKCS11SPY, PKCSLIB, TPM2_PKCS11_TCTI), that log calls or PINs (OPENSC_DEBUG, YKCS11_DBG,
 * YUBIHSM_PKCS11_DBG, CKNFAST_DEBUG), that weaken a device (CKNFAST_OVERRIDE_SECURITY_ASSURANCES), and NFAST_NFKM_TOKENSFILE, which makes a PIN be accepted
 * unchecked.
 */
import table from './environment.json' with { type: 'json' };
import type { Family } from './domain/tokens.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const modules: Readonly<Record<Family, readonly string[]>> = table.modules;

/** Every variable that a library of some family reads. */
export const MODULE_VARIABLES: readonly string[] = [...new Set(Object.values(modules).flat())];

/** The set variables among `names`. Windows treats PATH and Path as the same name. */
const pick = (environment: Environment, names: readonly string[]): Record<string, string> => {
  const wanted = new Set(names.map((name) => name.toUpperCase()));
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && wanted.has(name.toUpperCase())) picked[name] = value;
  return picked;
};

/** For the process that loads a library. */
export const moduleEnvironment = (
  family: Family,
  environment: Environment,
): Record<string, string> => pick(environment, modules[family]);

/** The names that {@link moduleEnvironment} passes for a family. */
export const moduleVariables = (family: Family): readonly string[] => modules[family];

/** For the service: its own variables, and those of the libraries that it loads in child processes. */
export const serviceEnvironment = (environment: Environment): Record<string, string> =>
  pick(environment, [...table.base, ...MODULE_VARIABLES]);

/** For programs that a face starts on the desktop: a browser, a file dialog. */
export const desktopEnvironment = (environment: Environment): Record<string, string> =>
  pick(environment, [...table.base, ...table.desktop]);

/**
 * The whole environment of a Node that we start.
 *
 * SECURITY: Node passes NODE_V8_COVERAGE on to what it starts even when it is given an environment without it, unless its name is there with no value. It makes
 * each process write down what it ran, into a folder of somebody's choice.
 */
export const nodeEnvironment = (
  environment: Readonly<Record<string, string>>,
): Record<string, string | undefined> => ({ ...environment, NODE_V8_COVERAGE: undefined });

/**
 * Options for every Node that we start: the service and its children, the command line, the Chromium face, the packaged executable.
 *
 * SECURITY: a Node opens its debugger on a port of this machine when SIGUSR1 arrives (on Windows, when another process asks), and whoever connects to that port,
 * under any account, reads its memory. None of ours does.
 *
 * SECURITY: at its start Node reads an OpenSSL configuration, the system's or the one in OPENSSL_CONF, and loads the code named there. It is given an empty
 * one; this overrides the environment, and does not affect a vendor's library with its own OpenSSL.
 *
 * Whatever else can be asked of a Node from outside (reports and heap snapshots on a signal, profiles, perf's maps) is off unless an option or a variable asks for
 * it, and none of ours gets another option, or any variable of Node's.
 *
 * @param platform process.platform
 */
export const nodeOptions = (platform: string): readonly string[] =>
  platform === 'win32' ? table.node.win32 : table.node.posix;

/**
 * A command line that starts a program without core dumps. The pid is the program's own: the shell that sets the limit becomes it.
 *
 * SECURITY: a core dump of a process that held a PIN or a component would be a secret in a file. The limit can't be raised again; the filter, where there is one,
 * takes the memory out of a dump for handlers that dumps are piped to, since the kernel asks those whatever the limit. What the program starts inherits both.
 *
 * @param platform process.platform
 */
export const withoutCore = (platform: string, line: readonly string[]): readonly string[] =>
  platform === 'win32' ? line : ['/bin/sh', '-c', table.withoutCore, 'sh', ...line];
