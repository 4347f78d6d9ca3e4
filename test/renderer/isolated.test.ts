/** Names from right to left within the window's sentences. */
import { expect, test } from 'vitest';
import { isolated, isolatedQuotes } from '../../renderer/ui/isolated.ts';

const FSI = '\u2068';
const PDI = '\u2069';

test.each(['דוד לוי', 'ליאור 12', 'علي', 'key-ملف', 'ހިޔާ', '\u{1e900}'])(
  '%s is set apart, so that what follows keeps its place',
  (name) => {
    expect(isolated(name)).toBe(`${FSI}${name}${PDI}`);
  },
);
test.each(['', 'Ada Moreno', 'Ørsted', '鍵', 'ключ', 'zone-master-1'])(
  '“%s” is left as it is: nothing unseen is put where it isn’t needed',
  (name) => {
    expect(isolated(name)).toBe(name);
  },
);
test('of a sentence that came from elsewhere, what is quoted is set apart', () => {
  expect(isolatedQuotes('The token has a key “מפתח 7” already, and “work” too.')).toBe(
    `The token has a key “${FSI}מפתח 7${PDI}” already, and “work” too.`,
  );
  expect(isolatedQuotes('Nothing was done.')).toBe('Nothing was done.');
});
