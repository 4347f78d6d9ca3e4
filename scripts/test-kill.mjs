/** `npm run test:kill`: generating a key, cut short at every native call that it makes (test/recovery/every-call.test.ts). Takes many minutes. */
import { main } from './lib/project.mjs';
import { test } from './test.mjs';

await main(() => {
  process.env.KEYMOOT_EVERY_CALL = '1';
  return test(['test/recovery/every-call']);
});
