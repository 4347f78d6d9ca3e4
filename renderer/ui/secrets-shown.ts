/** Whether a secret field is on the screen: the fields are counted, and the window's frame is notified of the first and the last. */
let fields = 0;
let listener: ((shown: boolean) => void) | undefined;

/** Counts a field as shown; the returned function counts it as gone. */
export const secretShown = (): (() => void) => {
  if (fields++ === 0) listener?.(true);
  return () => {
    if (--fields === 0) listener?.(false);
  };
};

/** Sets the one listener, which is called at once and on each change. */
export const onSecretsShown = (hear: (shown: boolean) => void): (() => void) => {
  listener = hear;
  hear(fields > 0);
  return () => {
    listener = undefined;
  };
};
