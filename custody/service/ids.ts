import { randomUUID } from 'node:crypto';

/** A byte as two hex digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hex = (byte: number): string => HEX[byte] ?? '';

let lastMs = 0;
/** The upper 32 of the 48 bits of the time, which stay for a minute, and how they are spelled. */
let upper = -1;
let upperText = '';

/**
 * UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random. Never older than the one before, even when the clock steps back.
 *
 * One is made for each entry, after a wait for the disk: what costs there is how much code is touched, so numbers are spelled from a table.
 */
export const uuidv7 = (nowMs = Date.now()): string => {
  lastMs = Math.max(lastMs, nowMs);
  const now = Math.floor(lastMs / 0x1_0000);
  if (now !== upper) {
    upper = now;
    upperText = now.toString(16).padStart(8, '0');
  }
  const lower = lastMs % 0x1_0000;
  // randomUUID draws its entropy in larger pieces, which is several times faster; its variant bits are where v7 has them too.
  return `${upperText}-${hex(lower >> 8)}${hex(lower & 0xff)}-7${randomUUID().slice(15)}`;
};
