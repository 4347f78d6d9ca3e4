/** The fields of a request that hold secret bytes, cleared on both sides: by the client once sent, by the token process once answered. */
const HALVES = ['pin', 'soPin', 'userPin'] as const;
const VALUES = ['known'] as const;

const clear = (value: unknown): void => {
  if (value instanceof Uint8Array) value.fill(0);
};

/** Clears the fields that are present. */
export const wipeSecrets = (input: unknown): void => {
  if (typeof input !== 'object' || input === null) return;
  const fields = input as Record<string, unknown>;
  for (const name of VALUES) clear(fields[name]);
  for (const name of HALVES) {
    const halves = fields[name];
    if (typeof halves !== 'object' || halves === null) continue;
    clear((halves as Record<string, unknown>)['first']);
    clear((halves as Record<string, unknown>)['second']);
  }
};
