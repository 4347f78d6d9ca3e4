/** A part of the page's code that is loaded once, on first use. The less code is loaded at the start, the sooner the window is usable. */
import { useEffect, useState } from 'react';

export interface Later<M> {
  /** Undefined until it is loaded. */
  readonly here: () => M | undefined;
  /** @throws the browser's error when the page's own files can't be read */
  readonly read: () => Promise<M>;
}

export const later = <M>(load: () => Promise<M>): Later<M> => {
  let module: M | undefined;
  return {
    here: () => module,
    read: async () => (module ??= await load()),
  };
};

/** Loads a part; with undefined, none yet. `failed` when its file can't be read. */
export const useLater = <M>(
  piece: Later<M> | undefined,
): { here: M | undefined; failed: boolean } => {
  const [told, tell] = useState<{ of: Later<M>; failed: boolean }>();
  const here = piece?.here();
  const missing = here === undefined;
  useEffect(() => {
    if (piece === undefined || !missing) return;
    piece.read().then(
      () => {
        tell({ of: piece, failed: false });
      },
      () => {
        tell({ of: piece, failed: true });
      },
    );
  }, [piece, missing]);
  return { here, failed: missing && told?.failed === true && told.of === piece };
};
