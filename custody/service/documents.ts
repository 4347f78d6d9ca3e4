/** Evidence that the desk's state depends on: definitions and policies, by the hash that people signed. */
import { hash } from 'node:crypto';
import { Definition } from '../../shared/domain/ceremonies.ts';
import { outlineIn } from '../core/ceremonies/outline.ts';
import { approvalsIn } from '../core/state/policy.ts';
import type { Documents } from '../core/state/state.ts';
import type { Store } from '../store/store.ts';

/** Evidence that hashes to its name. SECURITY: people signed the hash; the table only stores the bytes. */
export const evidenceOf = (store: Store, sha256: string): Uint8Array | undefined => {
  const bytes = store.evidence.get(sha256);
  return bytes === undefined || hash('sha256', bytes) !== sha256 ? undefined : bytes;
};

const readDefinition = (bytes: Uint8Array): Definition | undefined => {
  if (outlineIn(bytes) === undefined) return undefined;
  const parsed = Definition.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  return parsed.success ? parsed.data : undefined;
};

/** A completely parsed definition, for the desk's own use. */
export const definitionOf = (store: Store, sha256: string): Definition | undefined => {
  const bytes = evidenceOf(store, sha256);
  return bytes === undefined ? undefined : readDefinition(bytes);
};

export const documentsOf = (store: Store): Documents => ({
  definition: (sha256) => definitionOf(store, sha256),
  approvals: (sha256) => {
    const bytes = evidenceOf(store, sha256);
    return bytes === undefined ? undefined : approvalsIn(bytes);
  },
});
