/** Both windows as they are opened: what the page gets, and what it must not get. One window for each face; each aspect is tested in a file of its own. */
import { beforeAll, describe } from 'vitest';
import { endsWithSuite } from '../support/at-end.ts';
import { buildAll, FACES, newHome, startDisplay } from './faces.ts';
import { Opened, startOutside, type Outside } from './opened.ts';
import { againTests } from './window-again.ts';
import { bridgeTests } from './window-bridge.ts';
import { callerTests } from './window-callers.ts';
import { codeTests } from './window-code.ts';
import { lockTests } from './window-locks.ts';
import { outsideTests } from './window-outside.ts';

let display: string;
let outside: Outside;
const atEnd = endsWithSuite();
beforeAll(async () => {
  await buildAll();
  const screen = await startDisplay();
  ({ display } = screen);
  atEnd(screen.end);
  outside = await startOutside();
  atEnd(outside.end);
});

describe.each(FACES)('the window on %s', (name) => {
  const { home, remove } = newHome();
  const of = new Opened(name, home);
  const atEnd = endsWithSuite();
  atEnd(remove);
  beforeAll(async () => {
    await of.open(display, outside);
    atEnd(() => of.face.close());
  });

  bridgeTests(of);
  codeTests(of);
  outsideTests(of);
  callerTests(of);
  lockTests(of);
  againTests(of);
});
