/** The two fields of a PIN's halves. */
import type { RefObject } from 'react';
import { SecretField, type SecretHandle } from './secret-field.tsx';

export interface PinHandles {
  first: RefObject<SecretHandle | null>;
  second: RefObject<SecretHandle | null>;
}

export const PinFields = ({ of, handles }: { of: string; handles: PinHandles }) => (
  <div className="abreast">
    <SecretField label={`${of}: first half`} ref={handles.first} />
    <SecretField label={`${of}: second half`} ref={handles.second} />
  </div>
);
