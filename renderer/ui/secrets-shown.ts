/** Whether a field for a secret is on the screen: the fields count themselves, and the window's frame hears of the first and the last. */
let fields = 0;
let listener: ((shown: boolean) => void) | undefined;

/** A field appears; what this gives is called when it is gone. */
export const secretShown = (): (() => void) => {
  if (fields++ === 0) listener?.(true);
  return () => {
    if (--fields === 0) listener?.(false);
  };
};

/** Hears of it from now on; there is one who does. */
export const onSecretsShown = (hear: (shown: boolean) => void): (() => void) => {
  listener = hear;
  hear(fields > 0);
  return () => {
    listener = undefined;
  };
};
