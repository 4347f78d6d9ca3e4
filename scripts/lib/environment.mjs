/** Reads shared/environment.json for scripts, which may run under a Node that can't read TypeScript. */
import { readFileSync } from 'node:fs';
import { at } from './project.mjs';

const environmentTable = () => JSON.parse(readFileSync(at('shared/environment.json'), 'utf8'));

/** Options for every Node that runs the program; shared/environment.ts gives the reasons. */
export const nodeOptions = () =>
  environmentTable().node[process.platform === 'win32' ? 'win32' : 'posix'];

/** SECURITY: the only variables that a face and its child processes get; shared/environment.ts gives the reasons. */
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
