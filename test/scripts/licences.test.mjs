/** What is passed on with the window besides our own: the words of every licence that asks for it. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageOf } from '../../scripts/lib/bundled.ts';
import { licenceTexts, lockedPackages } from '../../scripts/lib/licences.mjs';
import { at } from '../../scripts/lib/project.mjs';
import { ensureWindow } from '../../scripts/window.mjs';

describe('the window’s licences', () => {
  let text;
  beforeAll(async () => {
    await ensureWindow();
    text = readFileSync(at('out/window/THIRD-PARTY-LICENSES.txt'), 'utf8');
  }, 120_000);
  const names = () => [...text.matchAll(/^(\S+) \d+\.\d+\.\d+\S* \(/gm)].map(([, name]) => name);

  test('are those of all that the page is made of: code, style sheets and fonts', () => {
    const used = ['react', 'react-dom', 'scheduler', '@mantine/core', '@mantine/hooks', 'zustand'];
    const more = ['@tanstack/react-virtual', '@tanstack/virtual-core', 'zod', '@noble/hashes'];
    const fonts = ['mono', 'sans', 'serif'].map((face) => `@fontsource/ibm-plex-${face}`);
    expect(names()).toEqual(expect.arrayContaining([...used, ...more, ...fonts]));
    expect(text).toContain('SIL OPEN FONT LICENSE');
    expect(text).toContain('Electron and Chromium');
  });

  test('cover every package that is imported, and each has its words', () => {
    const { devDependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
    const imported = Object.keys(devDependencies).filter((name) =>
      /^(react|react-dom|zustand|@(mantine|tanstack|fontsource)\/.*)$/.test(name),
    );
    expect(names()).toEqual(expect.arrayContaining(imported));
    // One of them has no text of its licence; it is passed on with what it says of itself.
    expect(text.match(/The package has no text.*/g)).toEqual([
      expect.stringMatching(/: MIT, .*, https:\/\/github\.com\/\S+\/react-remove-scroll-bar\.$/),
    ]);
  });

  test('are of nothing that only builds or tests it', () => {
    for (const name of ['vite', 'electron-vite', 'vitest', 'eslint', 'typescript', 'electron'])
      expect(names()).not.toContain(name);
    expect(new Set(names()).size).toBe(names().length);
  });

  test('go into the packed window', () => {
    const packed = readFileSync(at('electron-builder.yml'), 'utf8');
    expect(packed).toContain('from: out/window/THIRD-PARTY-LICENSES.txt');
  });
});

describe('a package', () => {
  test('is told from where a module lies, the innermost of several', () => {
    expect(packageOf('/here/node_modules/react/index.js')).toBe('node_modules/react');
    expect(packageOf('C:\\here\\node_modules\\@a\\b\\c.css?inline')).toBe('node_modules/@a/b');
    expect(packageOf('/here/node_modules/a/node_modules/@b/c/d.js')).toBe(
      'node_modules/a/node_modules/@b/c',
    );
    expect(packageOf('/here/renderer/app/main.tsx')).toBeUndefined();
    expect(packageOf('\0rolldown/runtime.js')).toBeUndefined();
  });

  test('that our lock file does not know stops the packing', () => {
    expect(() => licenceTexts(['node_modules/nobody-knows-this'])).toThrow(/package-lock/);
    expect(Object.keys(lockedPackages())).toContain('node_modules/react');
  });
});
