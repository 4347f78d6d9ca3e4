/** The ceremony templates that ship with Keymoot, by name: read once, when first asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { Template } from '../core/ceremonies/template.ts';
import { resourcePath } from '../resources.ts';

const SUFFIX = '.json';
let known: ReadonlyMap<string, Template> | undefined;

/** @throws when a file is none: a template that is half understood would be followed half */
export const templates = (): ReadonlyMap<string, Template> => {
  known ??= new Map(
    readdirSync(resourcePath('ceremonies'))
      .filter((file) => file.endsWith(SUFFIX))
      .sort()
      .map((file) => {
        const text = readFileSync(resourcePath('ceremonies', file), 'utf8');
        return [file.slice(0, -SUFFIX.length), Template.parse(JSON.parse(text))];
      }),
  );
  return known;
};

/** By the id that definitions name: the file's name may change, the id of its form does not. */
export const templateOf = (id: string): Template | undefined =>
  [...templates().values()].find(({ template }) => template === id);
