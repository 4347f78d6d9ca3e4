/** Published vectors that are kept beside the repository, not in it: where they are absent the tests that need them say so and skip. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'vectors');

export interface VectorTest {
  tcId: number;
  comment: string;
  flags: string[];
  result: 'valid' | 'invalid' | 'acceptable';
  key: string;
  msg: string;
  ct: string;
  tag: string;
  label: string;
}

export interface VectorGroup {
  keySize: number;
  tagSize: number;
  sha: string;
  mgfSha: string;
  privateKeyPkcs8: string;
  tests: VectorTest[];
}

/** The groups of a Wycheproof file, or undefined (after saying so) when it is not here. */
export const wycheproof = (name: string): VectorGroup[] | undefined => {
  const path = join(folder, name);
  if (!existsSync(path)) {
    console.warn(`SKIPPED: the published vectors ${name} are not beside this repository`);
    return undefined;
  }
  return (JSON.parse(readFileSync(path, 'utf8')) as { testGroups: VectorGroup[] }).testGroups;
};

export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
