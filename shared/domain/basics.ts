/** Basic types. Each has one encoding, checked at every process boundary. */
import { z } from 'zod';
import { isText } from '../text.ts';

export const text = (maxBytes: number) =>
  z.string().refine((value) => isText(value, maxBytes), {
    message: `must be 1 to ${maxBytes} bytes of plain text, without control or invisible characters`,
  });
export const optionalText = (maxBytes: number) =>
  z.string().refine((value) => value === '' || isText(value, maxBytes), {
    message: `must be at most ${maxBytes} bytes of plain text, without control or invisible characters`,
  });

export const Uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be an id');
export const Hex = z.string().regex(/^(?:[0-9a-f]{2})+$/, 'must be lower-case hex');
export const Hex64 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits');
/** A ceremony's random id: 128 bits. */
export const CeremonyId = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hex digits');
/** Only the canonical encoding of the bytes: unused bits are zero. */
export const Base64 = z
  .base64({ abort: true }) // or the next rule would throw on invalid base64
  .refine((value) => btoa(atob(value)) === value, 'must be base64 in its one spelling');
export const Time = z
  .string()
  .regex(/^[2-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'must be a UTC time with milliseconds')
  .refine((value) => {
    const ms = Date.parse(value);
    return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
  }, 'must be a real date');
export const Count = z.int().min(0);

export const Mode = z.enum(['production', 'rehearsal']);
export type Mode = z.infer<typeof Mode>;

/**
 * Who vouches for a claim: the device (read back or attested), a person (signed with their own key), or the desk (our word only). Shown with every claim on
 * screens, in minutes and in evidence, so that none claims too much.
 */
export const Witness = z.enum(['device', 'person', 'desk']);
export type Witness = z.infer<typeof Witness>;

export const Claim = z.strictObject({ says: Witness, claim: z.string().max(1024) });
export type Claim = z.infer<typeof Claim>;
