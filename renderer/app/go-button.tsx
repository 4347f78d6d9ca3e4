/** A button that navigates within the window and does nothing else. */
import { Button, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { go } from './router.ts';

export const GoButton = ({
  to,
  children,
  ...look
}: ButtonProps & { to: readonly string[]; children: ReactNode }) => (
  <Button
    {...look}
    onClick={() => {
      go(...to);
    }}
  >
    {children}
  </Button>
);
