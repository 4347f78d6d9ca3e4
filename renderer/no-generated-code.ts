/**
 * No schema is turned into code: the page's policy lets nobody make code from text, and the browser would put each try on its console.
 * This comes before every schema.
 */
import { config } from 'zod';

config({ jitless: true });
