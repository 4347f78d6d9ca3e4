/** Before any test: builds the program from the current sources, since the tests start the built program. */
import { ensureBuild } from '../../scripts/setup.mjs';

export const setup = ensureBuild;
