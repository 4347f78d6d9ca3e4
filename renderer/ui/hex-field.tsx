/**
 * A secret of hex digits typed from paper, in groups of eight: masked, no pasting, no correction.
 *
 * SECURITY: the digits stay in the inputs until they are taken as bytes, once. React state holds only how many digits each group has and whether one is
 * invalid.
 */
import './guided.css';
import { Input, Text } from '@mantine/core';
import {
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type KeyboardEvent,
  type Ref,
} from 'react';
import { secretShown } from './secrets-shown.ts';
import type { SecretHandle } from './secret-field.tsx';

const GROUP = 8;

export interface HexHandle extends SecretHandle {
  /** Why it can't be taken yet, in words; the field at fault gets the focus. */
  problem: () => string | undefined;
}

interface Seen {
  digits: number;
  wrong: boolean;
}
const EMPTY: Seen = { digits: 0, wrong: false };

export const HexField = ({
  label,
  digits,
  ref,
}: {
  label: string;
  /** Hex digits of the whole. */
  digits: number;
  ref: Ref<HexHandle>;
}) => {
  const count = digits / GROUP;
  const inputs = useRef<(HTMLInputElement | null)[]>([]);
  const [seen, setSeen] = useState<readonly Seen[]>([]);
  const [note, setNote] = useState('');
  const at = (index: number): Seen => seen[index] ?? EMPTY;

  const look = (index: number) => {
    const value = inputs.current[index]?.value ?? '';
    const next = [...Array.from({ length: count }, (_, other) => at(other))];
    next[index] = { digits: value.length, wrong: !/^[0-9A-Fa-f]*$/.test(value) };
    setSeen(next);
    if (value.length === GROUP && !next[index].wrong) inputs.current[index + 1]?.focus();
  };
  const onKey = (index: number) => (event: KeyboardEvent<HTMLInputElement>) => {
    const caps = event.getModifierState('CapsLock');
    setNote(caps ? 'Caps Lock is on. Capital and small letters count the same here.' : '');
    if (event.key === ' ') {
      event.preventDefault();
      if ((inputs.current[index]?.value.length ?? 0) === GROUP) inputs.current[index + 1]?.focus();
    } else if (event.key === 'Backspace' && inputs.current[index]?.value === '') {
      event.preventDefault();
      inputs.current[index - 1]?.focus();
    }
  };
  const clear = () => {
    for (const input of inputs.current) if (input !== null) input.value = '';
    setSeen([]);
  };

  useEffect(secretShown, []);
  useImperativeHandle(ref, () => ({
    take: () => {
      const bytes = new Uint8Array(digits + count);
      let end = 0;
      for (const input of inputs.current) {
        const { value } = input ?? { value: '' };
        for (let digit = 0; digit < value.length; digit++) bytes[end++] = value.charCodeAt(digit);
        bytes[end++] = 0x20;
      }
      clear();
      const taken = bytes.slice(0, end);
      bytes.fill(0);
      return taken;
    },
    filled: () => inputs.current.some((input) => (input?.value ?? '') !== ''),
    focus: () => inputs.current[0]?.focus(),
    clear,
    problem: () => {
      for (let index = 0; index < count; index++) {
        const value = inputs.current[index]?.value ?? '';
        if (value.length === GROUP && /^[0-9A-Fa-f]+$/.test(value)) continue;
        inputs.current[index]?.focus();
        return value.length < GROUP
          ? `Group ${index + 1} of ${count} has ${value.length} digits, and each group has ${GROUP}.`
          : `Group ${index + 1} of ${count} holds a character that is not 0 to 9 or A to F.`;
      }
      return undefined;
    },
  }));

  const full = Array.from({ length: count }, (_, index) => at(index)).filter(
    (group) => group.digits === GROUP && !group.wrong,
  ).length;
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <legend style={{ padding: 0, fontWeight: 500, fontSize: 14 }}>{label}</legend>
      <Text size="sm" c="dimmed" mb={8}>
        {digits} digits in {count} groups of {GROUP}. Type them from the paper; the next group comes
        by itself.
      </Text>
      <div className="groups">
        {Array.from({ length: count }, (_, index) => {
          const { digits: typed, wrong } = at(index);
          return (
            <label key={index}>
              <Input
                component="input"
                type="password"
                ref={(element: HTMLInputElement | null) => {
                  inputs.current[index] = element;
                }}
                maxLength={GROUP}
                autoComplete="off"
                autoCorrect="off"
                autoCapitalize="off"
                spellCheck={false}
                data-1p-ignore
                classNames={{ input: 'hex-input' }}
                data-wrong={wrong ? '' : undefined}
                aria-invalid={wrong}
                aria-label={`${label}, group ${index + 1} of ${count}`}
                styles={{
                  input: {
                    fontFamily: 'var(--mantine-font-family-monospace)',
                    letterSpacing: '0.12em',
                  },
                }}
                onInput={() => {
                  look(index);
                }}
                onKeyDown={onKey(index)}
                onPaste={(event) => {
                  event.preventDefault();
                  setNote('Pasting is switched off here: a component is typed from its paper.');
                }}
                onDrop={(event) => {
                  event.preventDefault();
                }}
              />
              <span className={wrong ? 'bad' : typed === GROUP ? 'full' : ''}>
                {index + 1}:{' '}
                {wrong ? 'not a hex digit' : typed === GROUP ? '✓ 8 of 8' : `${typed} of 8`}
              </span>
            </label>
          );
        })}
      </div>
      <Text size="sm" mt={6} role="status">
        {full} of {count} groups are whole. {note}
      </Text>
    </fieldset>
  );
};
