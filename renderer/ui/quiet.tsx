import { MantineThemeProvider } from '@mantine/core';
import type { ReactNode } from 'react';

const quiet = { components: { Button: { defaultProps: { variant: 'default' } } } };

/** Acts that nobody is waiting for: their buttons don't take the colour of the one that is due. */
export const Quiet = ({ children }: { children: ReactNode }) => (
  <MantineThemeProvider theme={quiet}>{children}</MantineThemeProvider>
);
