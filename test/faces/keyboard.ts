/**
 * A keyboard and a mouse on a display, by the X server's own test extension: keys typed by a driver never reach the browser's own shortcuts.
 *
 * Speaks as little of the X protocol as that takes: a greeting, the extension's number, and events with it.
 */
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** Keys by their place on a usual keyboard. */
export const KEYS = {
  Escape: 9,
  Return: 36,
  Control: 37,
  Shift: 50,
  F12: 96,
  Up: 111,
  Delete: 119,
  ...Object.fromEntries(
    ['24qwertyuiop', '38asdfghjkl', '52zxcvbnm'].flatMap((row) =>
      Array.from(row.slice(2), (letter, at) => [letter, Number(row.slice(0, 2)) + at]),
    ),
  ),
} as Record<string, number>;

const [PRESS, RELEASE, BUTTON, UNBUTTON, MOVE] = [2, 3, 4, 5, 6];

export interface Keyboard {
  /** All at once, by name. */
  press: (...names: string[]) => Promise<void>;
  click: (x: number, y: number, button?: number) => Promise<void>;
  end: () => void;
}

export const openKeyboard = async (display: string): Promise<Keyboard> => {
  const socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
  let got = Buffer.alloc(0);
  let heard = (): void => undefined;
  socket.on('data', (bytes) => {
    got = Buffer.concat([got, Buffer.from(bytes)]);
    heard();
  });
  const read = async (length: number): Promise<Buffer> => {
    while (got.length < length)
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    const given = got.subarray(0, length);
    got = got.subarray(length);
    return given;
  };

  const greeting = Buffer.alloc(12);
  greeting.write('l');
  greeting.writeUInt16LE(11, 2);
  socket.write(greeting);
  const setup = await read((await read(8)).readUInt16LE(6) * 4);
  // After the vendor's name and the formats comes the first screen, its root window first.
  const root = setup.readUInt32LE(
    32 + ((setup.readUInt16LE(16) + 3) & ~3) + setup.readUInt8(21) * 8,
  );

  const question = Buffer.alloc(16);
  question[0] = 98; // QueryExtension
  question.writeUInt16LE(4, 2);
  question.writeUInt16LE(5, 4);
  question.write('XTEST', 8);
  socket.write(question);
  const extension = (await read(32)).readUInt8(9);

  const fake = (kind: number | undefined, detail: number, x = 0, y = 0): void => {
    const event = Buffer.alloc(36);
    event[0] = extension;
    event[1] = 2; // FakeInput
    event.writeUInt16LE(9, 2);
    event[4] = kind ?? 0;
    event[5] = detail;
    event.writeUInt32LE(root, 12);
    event.writeInt16LE(x, 24);
    event.writeInt16LE(y, 26);
    socket.write(event);
  };
  return {
    press: async (...names) => {
      const codes = names.map((name) => KEYS[name] ?? 0);
      for (const code of codes) fake(PRESS, code);
      for (const code of codes.reverse()) fake(RELEASE, code);
      await setTimeout(100);
    },
    click: async (x, y, button = 1) => {
      fake(MOVE, 0, x, y);
      fake(BUTTON, button);
      fake(UNBUTTON, button);
      await setTimeout(300);
    },
    end: () => socket.destroy(),
  };
};
