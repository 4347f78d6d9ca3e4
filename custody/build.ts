/** Which build this is. The constants are put in by scripts/build.mjs. */
declare const __KEYMOOT_VERSION__: string | undefined;
declare const __KEYMOOT_BUILD__: string | undefined;

export const VERSION =
  typeof __KEYMOOT_VERSION__ === 'string' ? __KEYMOOT_VERSION__ : '0.0.0-source';
/** SHA-256 over the sources it was built from. */
export const BUILD = typeof __KEYMOOT_BUILD__ === 'string' ? __KEYMOOT_BUILD__ : '0'.repeat(64);
