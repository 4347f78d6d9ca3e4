/** Both windows as they are opened: what the page gets, and all that it doesn't. One window a face; what it is looked at for is a file each. */
import { afterAll, beforeAll, describe } from 'vitest';
import { buildAll, FACES, newHome, startDisplay } from './faces.ts';
import { Opened, startOutside, type Outside } from './opened.ts';
import { againTests } from './window-again.ts';
import { bridgeTests } from './window-bridge.ts';
import { callerTests } from './window-callers.ts';
import { codeTests } from './window-code.ts';
import { lockTests } from './window-locks.ts';
import { outsideTests } from './window-outside.ts';

let display: string;
let endDisplay: () => void;
let outside: Outside;
beforeAll(async () => {
  await buildAll();
  ({ display, end: endDisplay } = await startDisplay());
  outside = await startOutside();
}, 120_000);
afterAll(() => {
  outside.end();
  endDisplay();
});

describe.each(FACES)('the window on %s', (name) => {
  const { home, remove } = newHome();
  const of = new Opened(name, home);
  beforeAll(() => of.open(display, outside));
  afterAll(async () => {
    await of.face.close();
    remove();
  });

  bridgeTests(of);
  codeTests(of);
  outsideTests(of);
  callerTests(of);
  lockTests(of);
  againTests(of);
});
