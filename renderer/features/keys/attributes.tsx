/** Attributes as the token reported them: its numbers, with the standard's names for them. */
import type { Attributes as Shown } from '../../../shared/domain/keys.ts';
import { CKK, CKM, CKO } from '../../../shared/token/cryptoki.ts';
import { Short } from '../../ui/text.tsx';

const nameIn = (names: Readonly<Record<string, number>>, prefix: string) => (value: number) => {
  const found = Object.entries(names).find(([, number]) => number === value);
  return found === undefined ? undefined : `${prefix}_${found[0]}`;
};
const NAMED: Readonly<Record<string, (value: number) => string | undefined>> = {
  CKA_CLASS: nameIn(CKO, 'CKO'),
  CKA_KEY_TYPE: nameIn(CKK, 'CKK'),
  CKA_KEY_GEN_MECHANISM: nameIn(CKM, 'CKM'),
};

const Value = ({ name, value }: { name: string; value: Shown[string] }) => {
  if (typeof value === 'string' && value.length > 40) return <Short value={value} label={name} />;
  const named = typeof value === 'number' ? NAMED[name]?.(value) : undefined;
  return named === undefined ? String(value) : `${named} (${String(value)})`;
};

export const Attributes = ({ attributes }: { attributes: Shown }) => (
  <table className="list" aria-label="Attributes, as read back">
    <tbody>
      {Object.entries(attributes).map(([name, value]) => (
        <tr key={name}>
          <td className="mono">{name}</td>
          <td className="mono">
            <Value name={name} value={value} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
