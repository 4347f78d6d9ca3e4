import { randomUUID } from 'node:crypto';

let lastMs = 0;
/** UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random. Never older than the one before, even when the clock steps back. */
export const uuidv7 = (nowMs = Date.now()): string => {
  lastMs = Math.max(lastMs, nowMs);
  const time = lastMs.toString(16).padStart(12, '0');
  // randomUUID draws its entropy in larger pieces, which is several times faster; its variant bits are where v7 has them too.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};
