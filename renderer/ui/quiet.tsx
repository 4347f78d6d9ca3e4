import { MantineThemeProvider } from '@mantine/core';
import type { ReactNode } from 'react';

const quiet = { components: { Button: { defaultProps: { variant: 'default' } } } };

/** For acts that are not due: their buttons don't have the accent colour. */
export const Quiet = ({ children }: { children: ReactNode }) => (
  <MantineThemeProvider theme={quiet}>{children}</MantineThemeProvider>
);
