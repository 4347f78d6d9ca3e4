/** The page's first questions, asked before the rest of it is read. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FaceMessage, PageBridge, PageRequest } from '../../shared/window/bridge.ts';

const FIRST = ['desk.hello', 'desk.status', 'people.list', 'ceremonies.list', 'exports.list'];
let asked: PageRequest[];
let listeners: Set<(message: FaceMessage) => void>;
const tell = (message: FaceMessage): void => {
  for (const listener of listeners) listener(message);
};

const begin = async (): Promise<typeof import('../../renderer/bridge/early.ts')> => {
  vi.resetModules();
  return import('../../renderer/bridge/early.ts');
};

beforeEach(() => {
  asked = [];
  listeners = new Set();
  const bridge: Pick<PageBridge, 'request' | 'subscribe'> = {
    request: (request) => {
      asked.push(request);
      return Promise.resolve({ ok: true, value: request.channel });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  vi.stubGlobal('keymoot', bridge);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('asks each once, under a number of its own, and gives each answer once', async () => {
  const { FIRST_TICKETS, takeFirst } = await begin();
  expect(asked.map(({ channel }) => channel)).toEqual(FIRST);
  expect(asked.map(({ ticket }) => ticket)).toEqual([1, 2, 3, 4, 5]);
  expect(FIRST_TICKETS).toBe(5);
  const taken = takeFirst('desk.hello');
  expect(taken?.ticket).toBe(1);
  expect(await taken?.answer).toEqual({ ok: true, value: 'desk.hello' });
  expect(takeFirst('desk.hello')).toBeUndefined();
  expect(takeFirst('keys.page')).toBeUndefined();
});

test('listens until the last is taken', async () => {
  const { takeFirst } = await begin();
  expect(listeners.size).toBe(1);
  for (const channel of FIRST) takeFirst(channel);
  expect(listeners.size).toBe(0);
});

test.each<FaceMessage>([
  { kind: 'service-down', why: 'ended' },
  { kind: 'service-up' },
  { kind: 'event', event: 'log.changed', payload: {} },
])('gives no answer that is older than what happened since: %o', async (message) => {
  const { takeFirst } = await begin();
  tell(message);
  for (const channel of FIRST) expect(takeFirst(channel), channel).toBeUndefined();
});

test('takes the progress of an answer for no change', async () => {
  const { takeFirst } = await begin();
  tell({ kind: 'event', event: 'progress', payload: { request: 1, text: 'Checking the log' } });
  expect(takeFirst('desk.hello')?.ticket).toBe(1);
});

test('asks nothing where there is no desk', async () => {
  vi.stubGlobal('keymoot', undefined);
  const { takeFirst } = await begin();
  expect(takeFirst('desk.hello')).toBeUndefined();
});
