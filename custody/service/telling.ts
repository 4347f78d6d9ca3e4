/** What a call is waiting for, told to whoever made it: at once, and again every half second with how long it has taken. */
import type { Call } from './router.ts';

const EACH_MS = 500;

/** @param text a sentence; it says so when the step can't be cancelled */
export const telling = async <T>(
  { desk, requestId: request }: Pick<Call, 'desk' | 'requestId'>,
  text: string,
  work: () => Promise<T>,
): Promise<T> => {
  const started = performance.now();
  const tell = () => {
    desk.emit('progress', {
      request,
      text,
      elapsedMs: Math.round(performance.now() - started),
    });
  };
  tell();
  const ticker = setInterval(tell, EACH_MS);
  try {
    return await work();
  } finally {
    clearInterval(ticker);
  }
};
