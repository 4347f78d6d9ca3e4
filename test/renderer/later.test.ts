/** Pieces of the page's code that are read when they are wanted. */
import { expect, test } from 'vitest';
import { later } from '../../renderer/app/later.ts';

test('is read when it is wanted, and once', async () => {
  let reads = 0;
  const piece = later(() => Promise.resolve({ number: ++reads }));
  expect(piece.here()).toBeUndefined();
  expect(reads).toBe(0);
  expect(await piece.read()).toEqual({ number: 1 });
  expect(await piece.read()).toEqual({ number: 1 });
  expect(piece.here()).toEqual({ number: 1 });
});

test('that could not be read is not here, and is tried again', async () => {
  const tries = [Promise.reject(new Error('no such file')), Promise.resolve('its code')];
  const piece = later(() => tries.shift() ?? Promise.reject(new Error('tried too often')));
  await expect(piece.read()).rejects.toThrow('no such file');
  expect(piece.here()).toBeUndefined();
  expect(await piece.read()).toBe('its code');
});
