/**
 * Type check and lint together: the compiler reads each project once, for its own diagnostics and for the type-aware lint rules. Separately they would take
 * half as long again.
 */
import { ESLint } from 'eslint';
import ts from 'typescript';
import { at, isMain, main, root } from './lib/project.mjs';

/** A file in several projects is linted as part of the first. */
const PROJECTS = ['.', 'renderer', 'test/faces'];

const HOST = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => root,
  getNewLine: () => '\n',
};

function programOf(project) {
  const { options, fileNames, errors } = ts.getParsedCommandLineOfConfigFile(
    at(project, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (found) => errors.push(found) },
  );
  return ts.createProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors });
}

/** Prints the findings. @returns the exit code */
async function lint() {
  const programs = PROJECTS.map(programOf);
  const found = programs.flatMap((program) => ts.getPreEmitDiagnostics(program));
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: [
      {
        files: ['**/*.{ts,tsx}'],
        languageOptions: { parserOptions: { projectService: false, programs } },
      },
    ],
  });
  const results = await eslint.lintFiles('.');
  const { format } = await eslint.loadFormatter('stylish');
  console.log(ts.formatDiagnostics(found, HOST) + (await format(results)));
  const wrong = results.some(({ errorCount, warningCount }) => errorCount + warningCount > 0);
  return found.length > 0 || wrong ? 1 : 0;
}

if (isMain(import.meta.url)) await main(lint);
