/**
 * A field for a secret: uncontrolled, masked, no autofill, no spell check, no undo by us.
 *
 * SECURITY: its value is read once, as bytes, and the element is emptied; no state, store, event or attribute ever has it. SECURITY.md describes what the
 * browser's own text buffer keeps until it is collected.
 */
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react';
import { Input, Text } from '@mantine/core';
import { secretShown } from './secrets-shown.ts';

export interface SecretHandle {
  /** Takes the value out, as UTF-8, and empties the field. */
  take: () => Uint8Array;
  filled: () => boolean;
  focus: () => void;
  clear: () => void;
}

export const SecretField = ({
  label,
  description,
  ref,
  paste = true,
  multiline = false,
  onEnter,
  autoFocus = false,
}: {
  label: string;
  description?: string;
  ref: Ref<SecretHandle>;
  paste?: boolean;
  multiline?: boolean;
  onEnter?: () => void;
  autoFocus?: boolean;
}) => {
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const [caps, setCaps] = useState(false);
  useEffect(secretShown, []);
  useImperativeHandle(ref, () => ({
    take: () => {
      const element = input.current;
      const bytes = new TextEncoder().encode(element?.value ?? '');
      if (element !== null) element.value = '';
      return bytes;
    },
    filled: () => (input.current?.value ?? '') !== '',
    focus: () => input.current?.focus(),
    clear: () => {
      if (input.current !== null) input.current.value = '';
    },
  }));
  return (
    <Input.Wrapper label={label} description={description}>
      <Input
        component="input"
        type="password"
        ref={input}
        maxLength={512}
        autoComplete="off"
        autoCorrect="off"
        autoCapitalize="off"
        spellCheck={false}
        data-1p-ignore
        autoFocus={autoFocus}
        aria-label={label}
        className="mono"
        styles={{
          input: {
            fontFamily: 'var(--mantine-font-family-monospace)',
            letterSpacing: multiline ? '0.1em' : undefined,
          },
        }}
        onKeyDown={(event) => {
          setCaps(event.getModifierState('CapsLock'));
          if (event.key === 'Enter') onEnter?.();
        }}
        onPaste={(event) => {
          if (!paste) event.preventDefault();
        }}
      />
      {caps ? (
        <Text size="xs" c="var(--keymoot-due)">
          Caps Lock is on.
        </Text>
      ) : null}
    </Input.Wrapper>
  );
};
