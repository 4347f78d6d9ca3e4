import { randomBytes } from 'node:crypto';

let lastMs = 0;
/** UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random. Never older than the one before, even when the clock steps back. */
export const uuidv7 = (nowMs = Date.now()): string => {
  lastMs = Math.max(lastMs, nowMs);
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
