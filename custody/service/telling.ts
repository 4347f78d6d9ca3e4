/** Sends a call's progress to its caller: at once, and every half second with the elapsed time. */
import type { Call } from './router.ts';

const EACH_MS = 500;

/** @param text a sentence, which also says when the step can't be cancelled */
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
