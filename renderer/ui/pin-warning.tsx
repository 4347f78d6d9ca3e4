/** The PIN state that a token reports, shown before typing: too many wrong tries lock the token. */
import { Checkbox, Text } from '@mantine/core';
import type { PinState } from '../../shared/domain/tokens.ts';

export const PinWarning = ({
  pin,
  sure,
  onChange,
}: {
  pin: PinState | undefined;
  sure: boolean;
  onChange: (sure: boolean) => void;
}) => {
  switch (pin) {
    case 'final-try':
      return (
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
      );
    case 'locked':
      return (
        <div className="notice">
          <b>The token’s PIN is locked.</b> Its security officer sets a new one, with the maker’s
          own tool. No key is lost by that.
        </div>
      );
    case 'count-low':
      return (
        <Text size="sm">
          A wrong PIN was entered since the last right one. The token doesn’t say how many tries are
          left.
        </Text>
      );
    default:
      return null;
  }
};
