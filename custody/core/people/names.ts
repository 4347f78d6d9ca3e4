/** What the log says of a name: it stays when the name is erased (resources/formats/audit-log.md, section 5). */
import { hash } from 'node:crypto';

/** @param salt 16 bytes */
export const nameHash = (salt: Uint8Array, name: string): string =>
  hash('sha256', Buffer.concat([salt, Buffer.from(name, 'utf8')]));
