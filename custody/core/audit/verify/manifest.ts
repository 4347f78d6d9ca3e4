/** Files of a bundle and its manifest (resources/formats/audit-log.md, section 9). */
import {
  b64Of32,
  count,
  hex64,
  list,
  oneOf,
  origin,
  ruleFor,
  shape,
  also,
} from '../../../../shared/log/rules.ts';

export const FOR_PEOPLE = ['VERIFY.md', 'report.html', 'keys/log.pem'] as const;
export const isForPeople = (path: string): boolean => FOR_PEOPLE.some((name) => name === path);
export const MANIFEST_PATH = 'manifest.json';
export const DERIVED_PATH = 'derived/entries.ndjson';
export const HEAD_PATH = 'log/checkpoint';
export const isNotePath = (path: string): boolean =>
  /^checkpoints\/(?:0|[1-9]\d{0,15})$/.test(path);
export const isEvidencePath = (path: string): boolean => /^evidence\/[0-9a-f]{64}$/.test(path);
/** The file names of the format. Which files below log/ belong there follows from the size of the tree. */
export const isNamed = (path: string): boolean =>
  path === DERIVED_PATH ||
  path === MANIFEST_PATH ||
  isForPeople(path) ||
  isNotePath(path) ||
  isEvidencePath(path) ||
  path.startsWith('log/');

const path = ruleFor<string>((value) => {
  if (typeof value !== 'string') return 'is not text';
  if (value === '' || value.startsWith('/') || value.includes('\\')) return 'is not a path';
  if (value.split('/').some((step) => step === '' || step === '.' || step === '..'))
    return 'has a step that leads elsewhere';
  if (hasLoneSurrogate(value)) return 'is not Unicode';
  if (value === MANIFEST_PATH) return 'is the manifest itself';
  return isNamed(value) ? '' : 'is a file that the format does not name';
});
const hasLoneSurrogate = (value: string): boolean => !value.isWellFormed();
const file = shape({ path, size: count, sha256: hex64 });

export interface ManifestFile {
  path: string;
  size: number;
  sha256: string;
}
export interface Manifest {
  log: string;
  size: number;
  root: string;
  files: ManifestFile[];
}
export const MANIFEST = shape({
  v: oneOf(1),
  log: origin,
  size: count,
  root: b64Of32,
  complete: oneOf(true),
  files: also(list(file, 0, Infinity), (files: ManifestFile[]) => {
    const stray = files.findIndex((item, at) => at > 0 && item.path <= (files[at - 1]?.path ?? ''));
    return stray < 0 ? '' : `item ${stray} is not sorted by path`;
  }),
});
