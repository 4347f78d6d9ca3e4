/** Asked for when a token says that one more wrong PIN locks it. */
import { Checkbox } from '@mantine/core';
import type { PinState } from '../../shared/domain/tokens.ts';

export const LastTry = ({
  pin,
  sure,
  onChange,
}: {
  pin: PinState | undefined;
  sure: boolean;
  onChange: (sure: boolean) => void;
}) =>
  pin === 'final-try' ? (
    <div className="notice">
      <p style={{ marginTop: 0 }}>
        <b>One try is left.</b> If either half is wrong now, the token locks its PIN.
      </p>
      <Checkbox
        label="Both holders have checked their envelope, and want to use the last try"
        checked={sure}
        onChange={(event) => {
          onChange(event.currentTarget.checked);
        }}
      />
    </div>
  ) : null;
