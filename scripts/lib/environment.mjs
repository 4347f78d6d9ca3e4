/** The names in shared/environment.json, as scripts read them: before there is a Node that reads TypeScript. */
import { readFileSync } from 'node:fs';
import { at } from './project.mjs';

const environmentTable = () => JSON.parse(readFileSync(at('shared/environment.json'), 'utf8'));

/** Options for every Node that runs the program: shared/environment.ts says why. */
export const nodeOptions = () =>
  environmentTable().node[process.platform === 'win32' ? 'win32' : 'posix'];

/** A command line that starts a program without core dumps: shared/environment.ts says why. */
export const withoutCore = (line) =>
  process.platform === 'win32'
    ? line
    : ['/bin/sh', '-c', environmentTable().withoutCore, 'sh', ...line];

/** An environment for a Node that we start: shared/environment.ts says why. */
export const nodeEnvironment = (environment) => ({ ...environment, NODE_V8_COVERAGE: undefined });

/** SECURITY: what a face and all that it starts may be given, and nothing else (shared/environment.ts says why). */
export function windowEnvironment(environment = process.env) {
  const { base, desktop, face, modules } = environmentTable();
  const wanted = new Set(
    [base, desktop, face, ...Object.values(modules)].flat().map((name) => name.toUpperCase()),
  );
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => value !== undefined && wanted.has(name.toUpperCase()),
    ),
  );
}
