/** A new passphrase, typed twice by its owner. */
import { useImperativeHandle, useRef, type Ref } from 'react';
import { SecretField, type SecretHandle } from './secret-field.tsx';

const LEAST_BYTES = 12;

export interface NewPassphraseHandle {
  /** Takes both fields and compares them as bytes; the unused copy is zeroed here. */
  take: () => { ok: true; value: Uint8Array } | { ok: false; message: string };
}

export const NewPassphrase = ({ ref }: { ref: Ref<NewPassphraseHandle> }) => {
  const first = useRef<SecretHandle>(null);
  const second = useRef<SecretHandle>(null);
  useImperativeHandle(ref, () => ({
    take: () => {
      const one = first.current?.take() ?? new Uint8Array();
      const two = second.current?.take() ?? new Uint8Array();
      const equal = one.length === two.length && one.every((byte, at) => byte === two[at]);
      const { length } = one;
      two.fill(0);
      if (equal && length >= LEAST_BYTES) return { ok: true, value: one };
      one.fill(0);
      first.current?.focus();
      return {
        ok: false,
        message: equal
          ? `The passphrase has fewer than ${LEAST_BYTES} characters. Nobody was enrolled. Choose several words, and type them twice.`
          : 'The two passphrases are not the same. Nobody was enrolled. Type both again.',
      };
    },
  }));
  return (
    <>
      <SecretField
        label="New passphrase, typed by the person"
        description={`${LEAST_BYTES} characters or more; six words that belong to no saying are good. It can’t be recovered.`}
        ref={first}
      />
      <SecretField label="The same passphrase again" ref={second} />
    </>
  );
};
