/** Before any test: the program is built from the sources that are there, since what the tests start is the program. */
import { ensureBuild } from '../../scripts/setup.mjs';

export const setup = ensureBuild;
