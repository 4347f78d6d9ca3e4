/** The licence texts of npm packages, which must accompany their redistribution. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, Stop } from './project.mjs';

const LINE = `\n${'-'.repeat(72)}\n\n`;

/** The packages that our lock file names, by their folder (`node_modules/…`). */
export const lockedPackages = () =>
  JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;

/** For packages without a licence text: what their package.json says. */
function ownWord(folder) {
  const said = JSON.parse(readFileSync(at(folder, 'package.json'), 'utf8'));
  const words = ['license', 'author', 'repository'].map(
    (name) => said[name]?.name ?? said[name]?.url ?? said[name],
  );
  if (words[0] === undefined) throw new Stop(`${folder} says nothing of its licence`);
  return `The package has no text of its licence. It says of itself: ${words.filter(Boolean).join(', ')}.`;
}

/**
 * One text: for each package its name, version, licence and licence text; then `more`.
 *
 * @param folders as lockedPackages() names them
 */
export function licenceTexts(folders, more = []) {
  const packages = lockedPackages();
  const texts = folders.map((folder) => {
    if (packages[folder] === undefined)
      throw new Stop(`${folder} is not in package-lock.json, so its licence is not known`);
    const { version, license } = packages[folder];
    const files = readdirSync(at(folder)).filter((name) => /^licen[cs]e/i.test(name));
    const words = files.sort().map((name) => readFileSync(at(folder, name), 'utf8').trim());
    const text = words.length === 0 ? ownWord(folder) : words.join('\n\n');
    return `${folder.replace(/^.*node_modules\//, '')} ${version} (${license})\n\n${text}\n`;
  });
  return [...texts, ...more].join(LINE);
}

/** The licences of everything bundled into a built window; electron.vite.config.ts records the packages of each part. */
export function windowLicences(folder) {
  const noted = join(folder, 'packages');
  const parts = existsSync(noted) ? readdirSync(noted) : [];
  const folders = parts.flatMap((name) => JSON.parse(readFileSync(join(noted, name), 'utf8')));
  if (folders.length === 0) throw new Stop(`no record of the packages in ${folder}`);
  return licenceTexts([...new Set(folders)].sort(), [
    'Electron and Chromium: LICENSE.electron.txt and LICENSES.chromium.html beside the program.\n',
  ]);
}
