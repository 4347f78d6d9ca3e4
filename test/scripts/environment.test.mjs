/** What the script that opens a window passes on: the same names as everywhere, without TypeScript to read them. */
import { describe, expect, test } from 'vitest';
import { windowEnvironment } from '../../scripts/lib/environment.mjs';

describe('the window', () => {
  test('gets a desktop, its own settings and what libraries read', () => {
    const given = {
      PATH: '/bin',
      DISPLAY: ':1',
      SOFTHSM2_CONF: '/a',
      KEYMOOT_DATA: '/desk',
      KEYMOOT_DEVELOPER: '1',
    };
    expect(windowEnvironment({ ...given, UNSET: undefined })).toEqual(given);
  });

  test('gets nothing that changes what a program does', () => {
    const names = ['LD_PRELOAD', 'NODE_OPTIONS', 'OPENSSL_CONF', 'ELECTRON_RUN_AS_NODE', 'DEBUG'];
    const hostile = [...names, 'GTK_MODULES', 'BASH_ENV', 'KEYMOOT_MAIN', 'A_NAME_NOBODY_KNOWS'];
    expect(windowEnvironment(Object.fromEntries(hostile.map((name) => [name, '/evil'])))).toEqual(
      {},
    );
  });
});
