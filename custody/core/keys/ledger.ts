/**
 * What the log says of each key: the other side of the key table, which is a cache.
 *
 * SECURITY: a row that says something else (another label, another place, released from quarantine) is found at start, and the desk does not open.
 */
import type { KeyRecord, KeyState } from '../../../shared/domain/keys.ts';
import type { Entry } from '../audit/entry.ts';

export interface LedgerKey {
  label: string;
  algorithm: string;
  purpose: string;
  extractable: boolean;
  ckaid: string;
  serial: string;
  tokenLabel: string;
  spkiSha256: string | undefined;
  ceremony: string | undefined;
  state: KeyState;
}
export type Ledger = Map<string, LedgerKey>;

/** Entry types that {@link enter} reads. */
export const LEDGER_TYPES = ['key.generate', 'key.import', 'key.destroy', 'ceremony.step'] as const;

export const enter = (ledger: Ledger, entry: Entry): void => {
  if (entry.outcome !== 'success') return;
  switch (entry.type) {
    case 'key.generate':
    case 'key.import': {
      const {
        key,
        label,
        algorithm,
        purpose,
        extractable,
        ckaid,
        token,
        spki_sha256: spkiSha256,
      } = entry.detail;
      if (
        label === undefined ||
        algorithm === undefined ||
        purpose === undefined ||
        ckaid === undefined
      )
        return;
      ledger.set(key, {
        label,
        algorithm,
        purpose,
        extractable: extractable ?? false,
        ckaid,
        serial: token?.serial ?? '',
        tokenLabel: token?.label ?? '',
        spkiSha256,
        ceremony: entry.ceremony?.id,
        state: entry.ceremony === undefined ? 'active' : 'quarantine',
      });
      return;
    }
    case 'key.destroy': {
      const known = ledger.get(entry.detail.key);
      if (known !== undefined) ledger.set(entry.detail.key, { ...known, state: 'destroyed' });
      return;
    }
    case 'ceremony.step':
      if (entry.detail.kind !== 'key.verify') return;
      for (const [id, known] of ledger)
        if (known.ceremony === entry.ceremony?.id && known.state === 'quarantine')
          ledger.set(id, { ...known, state: 'active' });
      return;
    default:
  }
};

export const agrees = (row: KeyRecord, known: LedgerKey | undefined): boolean =>
  known !== undefined &&
  row.label === known.label &&
  row.algorithm === known.algorithm &&
  row.purpose === known.purpose &&
  row.extractable === known.extractable &&
  row.ckaid === known.ckaid &&
  row.at.token.serial === known.serial &&
  row.at.token.label === known.tokenLabel &&
  row.spkiSha256 === known.spkiSha256 &&
  row.ceremony === known.ceremony &&
  row.state === known.state;
