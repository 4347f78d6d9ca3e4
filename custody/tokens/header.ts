/** The check of a library's file, for the service when it registers a module; the token process repeats it before loading. */
export { checkLibrary, hashFile, inspectHeader } from './process/library.ts';
