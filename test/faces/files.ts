/** Answers for the file dialogs of one window: a person's choices, in order. */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FilePurpose } from '../../shared/contract/names.ts';

/** As many as any test asks for. */
const ANSWERS = 12;

export class AnsweredFiles {
  readonly folder: string;
  #openings = 0;

  constructor(home: string) {
    this.folder = join(home, 'files');
    mkdirSync(this.folder, { recursive: true });
  }

  /** A file of this name, in the folder. */
  at(name: string): string {
    return join(this.folder, basename(name));
  }
  /** The file from which the parameters are read, each time. */
  get parameters(): string {
    return this.at('params.json');
  }
  /** The environment of a window that gets these answers. New things have new names at each opening. */
  environment(): Record<string, string> {
    this.#openings += 1;
    const opening = this.#openings;
    const answers: { purpose: FilePurpose; path: string }[] = [];
    for (let n = 1; n <= ANSWERS; n++)
      answers.push(
        { purpose: 'parameters', path: this.parameters },
        { purpose: 'package', path: this.at(`package-${opening}-${n}`) },
        { purpose: 'bundle', path: this.at(`bundle-${opening}-${n}`) },
        { purpose: 'trust', path: this.at(`trust-${opening}-${n}.json`) },
        { purpose: 'verify-bundle', path: this.at(`bundle-${opening}-${n}`) },
        { purpose: 'verify-trust', path: this.at(`trust-${opening}-${n}.json`) },
      );
    return { KEYMOOT_DEVELOPER: '1', KEYMOOT_FACE_FILES: JSON.stringify(answers) };
  }
}
