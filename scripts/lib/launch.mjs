/**
 * Runs the built program as if it had been started directly: in the caller's folder and terminal, with its open descriptors, and with its exit code or signal
 * as ours.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { nodeEnvironment, nodeOptions, withoutCore } from './environment.mjs';
import { bundle, node24, root, Stop } from './project.mjs';

/** Our npm scripts that take paths: npm runs them in the root, and INIT_CWD has the caller's folder. */
const NPM_SCRIPTS = new Set(['keymoot', 'rehearsal', 'start', 'window']);

export function folderOfTheCaller(environment = process.env, here = process.cwd()) {
  const byNpm = NPM_SCRIPTS.has(environment.npm_lifecycle_event ?? '') && here === root;
  return (byNpm && environment.INIT_CWD) || here;
}

/**
 * The descriptors that the arguments name, as in `--secrets-fd 3`. Only those are passed on: other inherited descriptors can't be distinguished from Node's
 * own.
 */
export function namedDescriptors(args) {
  const numbers = args.flatMap((arg, i) => {
    const [, inline] = /^--(?:[a-z]+-)*fd(?:=(\d+))?$/.exec(arg) ?? [null, null];
    if (inline === null) return [];
    return [Number(inline ?? args[i + 1])];
  });
  return numbers.filter((n) => Number.isInteger(n) && n > 2 && n < 10);
}

/**
 * Whether descriptor `fd` was inherited from the caller. If it was closed, Node uses the number itself: for an anon_inode, or a pipe with both ends in this
 * process. Reading one of those would wait for ever. Without /proc this can't be checked.
 */
function isInherited(fd) {
  if (!existsSync('/proc/self/fdinfo')) return true;
  const own = describe(fd);
  if (own === undefined || own.target.startsWith('anon_inode:')) return false;
  const others = readdirSync('/proc/self/fd').map((n) => describe(n));
  const otherEnd = (other) => other?.target === own.target && other.access !== own.access;
  return !(own.target.startsWith('pipe:') && others.some(otherEnd));
}

/** The target of a descriptor of this process, and whether it reads (0), writes (1) or both (2). */
function describe(fd) {
  try {
    const [, flags] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
    return { target: readlinkSync(`/proc/self/fd/${fd}`), access: parseInt(flags, 8) & 3 };
  } catch {
    return undefined; // closed, perhaps since it was listed
  }
}

/**
 * The environment of the caller without Node's own variables.
 *
 * SECURITY: NODE_OPTIONS loads code or opens a debugger, NODE_DEBUG and NODE_V8_COVERAGE write down what runs, NODE_COMPILE_CACHE names compiled code.
 */
function programEnvironment() {
  const others = Object.entries(process.env).filter(([name]) => !/^NODE_/i.test(name));
  return nodeEnvironment(Object.fromEntries(others));
}

/** Resolves to the program's exit code; when a signal ended it, this process ends by the same one. */
export async function launch(args) {
  const descriptors = namedDescriptors(args);
  for (const fd of descriptors) {
    if (isInherited(fd)) continue;
    throw new Stop(
      `descriptor ${fd} is not open here. npm passes on only standard input, output and error; ` +
        'run `node scripts/keymoot.mjs` or the packaged `keymoot` with it instead',
    );
  }
  const stdio = Array.from({ length: Math.max(2, ...descriptors) + 1 }, (_, fd) =>
    fd < 3 || descriptors.includes(fd) ? fd : 'ignore',
  );
  const [program, ...rest] = withoutCore([node24, ...nodeOptions(), bundle, ...args]);
  return follow(
    spawn(program, rest, { stdio, cwd: folderOfTheCaller(), env: programEnvironment() }),
  );
}

/** Resolves to the child's exit code; when a signal ended it, this process ends by the same one. */
export async function follow(child) {
  // A terminal sends its signals to the whole foreground group, so the program has received them already.
  const fromTerminal = new Set(process.stdin.isTTY ? ['SIGINT', 'SIGQUIT'] : []);
  const signals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'];
  const pass = (signal) => {
    if (!fromTerminal.has(signal)) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);

  const [code, signal] = await new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (...ended) => done(ended));
  });
  for (const each of signals) process.off(each, pass);
  if (signal === null) return code;
  process.kill(process.pid, signal);
  return 1; // reached only when the signal doesn't end this process
}
