/**
 * Paths of this tree, and how a script starts another program.
 *
 * All scripts that can run before `npm ci` need only Node 20.10 and its built-ins. Work that needs the project's own Node 24 is done in a child process under
 * it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, setPriority } from 'node:os';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const at = (...parts) => join(root, ...parts);

/** The Node 24 from the npm package `node`; not the link in .bin, which npm may not have made. */
export const node24 = at(
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/** The starter for a checkout, and the program in one file, as it is packaged. */
export const bundle = at('out/keymoot.cjs');
export const whole = at('out/whole/keymoot.cjs');

/** The environment for the project's tools: their `node` is Node 24 too. */
export function toolEnvironment(extra = {}) {
  const separator = process.platform === 'win32' ? ';' : ':';
  return {
    ...process.env,
    PATH: [at('node_modules/.bin'), process.env.PATH].join(separator),
    ...extra,
  };
}

/**
 * How to call npm: the npm (and Node) that runs us, if any, since another npm on the PATH may be older, and under npm the first `node` on the PATH is the one
 * that `npm ci` deletes.
 */
export function npmCommand(environment = process.env) {
  const { npm_execpath: cli, npm_node_execpath: node } = environment;
  if (cli?.endsWith('.js') && node && existsSync(cli) && existsSync(node)) return [node, cli];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** A failure that the person at the terminal can fix: shown without a stack. */
export class Stop extends Error {}

/** Runs a program to its end, by default in the project's root. Resolves to its exit code as a shell gives it: 128 + n after signal n. */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.once('error', fail);
    child.once('close', (code, signal) => {
      done(signal ? 128 + constants.signals[signal] : code);
    });
  });
}

/** As `run`, but throws a Stop naming `what` if the program fails. */
export async function must(what, command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) throw new Stop(`${what} failed (exit code ${code})`);
}

/** Runs a program without output, optionally at a `priority`: `{ code, output }`, standard output and error together. */
export async function capture(command, args, { priority, ...options } = {}) {
  const chunks = [];
  const code = await new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: root,
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (priority !== undefined && child.pid !== undefined) setPriority(child.pid, priority);
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', fail);
    child.once('close', (exit, signal) => done(signal ? 128 + constants.signals[signal] : exit));
  });
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}

/** Whether `url` (an import.meta.url) is Node's main script. */
export const isMain = (url) =>
  process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(url);

/** Runs a script: a `Stop` is printed as one line, any other error keeps its stack. */
export async function main(work) {
  // SECURITY: on this signal a Node opens its debugger to everyone on the machine, and who starts the program has its terminal. A listener takes the signal for
  // itself. The machine's own Node may be too old for the option that the program is given (shared/environment.ts).
  process.on('SIGUSR1', () => undefined);
  try {
    const code = await work();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    console.error(error instanceof Stop ? `keymoot: ${error.message}` : error);
    process.exitCode = 1;
  }
}
