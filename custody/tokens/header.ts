/** The same look at a file, for whoever registers a module: written beside the token process, which looks again before it loads. */
export { checkLibrary, hashFile, inspectHeader } from './process/library.ts';
