/** A stand-in for the program when it hasn't been built: KEYMOOT_MAIN points here and Node strips the types. Only `token` is understood. */
import { tokenProcess } from '../../custody/tokens/process/main.ts';

if (process.argv[2] === 'token') await tokenProcess();
