import { realpathSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FAMILIES } from '../../shared/domain/tokens.ts';
import { familyOf, findModules, wellKnownPaths } from '../../custody/tokens/discovery.ts';
import { softhsmLibrary } from '../support/softhsm.ts';

const known = FAMILIES.filter((family) => family !== 'other');

test('every family is looked for on some system, and its paths are recognised as its own', () => {
  for (const family of known) {
    const paths = ['linux', 'darwin', 'win32'].flatMap((system) =>
      wellKnownPaths(family, system, 'x64'),
    );
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths.filter((candidate) => !/\\cryptoki\.dll$/u.test(candidate)))
      expect([path, familyOf(path)]).toEqual([path, family]);
  }
});

test('Debian’s multiarch folders come first', () => {
  expect(wellKnownPaths('softhsm', 'linux', 'x64')[0]).toBe(
    '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  );
  expect(wellKnownPaths('softhsm', 'linux', 'arm64')[0]).toContain('aarch64-linux-gnu');
});

test('what is found is there once, with links resolved', () => {
  const found = findModules();
  expect(new Set(found.map(({ path }) => path)).size).toBe(found.length);
  for (const { path } of found) expect(realpathSync(path)).toBe(path);
  const softhsm = softhsmLibrary();
  if (softhsm !== undefined)
    expect(found).toContainEqual({ family: 'softhsm', path: softhsm, label: 'SoftHSM 2' });
});

test('a library of an unknown name is of no family', () => {
  expect(familyOf('/opt/vendor/libpkcs11.so')).toBe('other');
});
