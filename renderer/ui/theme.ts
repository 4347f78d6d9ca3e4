/** Ink on paper, one accent. Design 09: brass for the act that is due, green only for what others verified, red only for stop. */
import {
  createTheme,
  defaultVariantColorsResolver,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

const brass: MantineColorsTuple = [
  '#faf5e9',
  '#f1e7cd',
  '#e3cd9a',
  '#d4b264',
  '#c79b39',
  '#b8871f',
  '#a17418',
  '#8a6414',
  '#6f5010',
  '#533c0b',
];

export const theme = createTheme({
  fontFamily: '"IBM Plex Sans", system-ui, sans-serif',
  fontFamilyMonospace: '"IBM Plex Mono", ui-monospace, monospace',
  headings: { fontFamily: '"IBM Plex Sans", system-ui, sans-serif', fontWeight: '600' },
  fontSizes: { xs: '12px', sm: '13px', md: '15px', lg: '18px', xl: '24px' },
  primaryColor: 'brass',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  // Mantine chooses the text colour of a filled button for the light scheme; it would stay white on the dark scheme's bright brass.
  variantColorResolver: (input) => {
    const colours = defaultVariantColorsResolver(input);
    return input.variant === 'filled' && input.color === 'brass'
      ? { ...colours, color: 'var(--mantine-primary-color-contrast)' }
      : colours;
  },
  colors: { brass },
  defaultRadius: 'sm',
  respectReducedMotion: true,
  focusRing: 'always',
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#fbfaf7',
    '--mantine-color-text': '#16202e',
    '--mantine-color-dimmed': '#4b5563',
    '--mantine-primary-color-contrast': '#ffffff',
    '--keymoot-line': '#d9d5ca',
    '--keymoot-raised': '#ffffff',
    '--keymoot-sunken': '#f1efe8',
    '--keymoot-due': '#8a6414',
    '--keymoot-stop': '#9b1c1c',
    '--keymoot-proven': '#1b6b3a',
    '--keymoot-teal': '#0d6b6b',
    '--keymoot-oxblood': '#6b1010',
  },
  dark: {
    '--mantine-color-body': '#12171f',
    '--mantine-color-text': '#ece9e1',
    '--mantine-color-dimmed': '#a8afba',
    // Filled buttons: ink on brass, 7:1; white on it would be 2.6:1.
    '--mantine-color-brass-filled': '#d4b264',
    '--mantine-color-brass-filled-hover': '#e3cd9a',
    '--mantine-primary-color-contrast': '#12171f',
    '--keymoot-line': '#323a47',
    '--keymoot-raised': '#1a212c',
    '--keymoot-sunken': '#0d1117',
    '--keymoot-due': '#d4b264',
    '--keymoot-stop': '#f28b82',
    '--keymoot-proven': '#7fcf9b',
    '--keymoot-teal': '#4fb3b3',
    '--keymoot-oxblood': '#a33a3a',
  },
});
