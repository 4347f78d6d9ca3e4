/** A piece of the page's code that is read when it is wanted, once. The window is usable sooner the less it reads before. */
import { useEffect, useState } from 'react';

export interface Later<M> {
  /** Undefined until it has been read. */
  readonly here: () => M | undefined;
  /** @throws what the browser throws when the page's own files can't be read */
  readonly read: () => Promise<M>;
}

export const later = <M>(load: () => Promise<M>): Later<M> => {
  let module: M | undefined;
  return {
    here: () => module,
    read: async () => (module ??= await load()),
  };
};

/** Reads a piece, or none yet. `failed` when its file can't be read. */
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
