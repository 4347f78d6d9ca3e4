/**
 * Schemas are interpreted, never compiled to code: the page's policy forbids code from text, and the browser would log each try to its console. Imported before
 * every schema.
 */
import { config } from 'zod';

config({ jitless: true });
