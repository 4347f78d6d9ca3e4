/** The window's page. It gets all its data and makes all its calls through the contract. */
import './trusted-types.ts';
import './no-generated-code.ts';
import './ui/mantine.css';
import '@fontsource/ibm-plex-sans/400.css';
import '@fontsource/ibm-plex-sans/500.css';
import '@fontsource/ibm-plex-sans/600.css';
import '@fontsource/ibm-plex-mono/400.css';
import '@fontsource/ibm-plex-mono/600.css';
import '@fontsource/ibm-plex-serif/400.css';
import './ui/ui.css';
import './ui/access.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { followDesk } from './app/desk-store.ts';
import { hasFace } from './bridge/bridge.ts';
import { refuseDrops } from './bridge/drops.ts';
import { theme, variables } from './ui/theme.ts';

refuseDrops();
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
// Before the first drawing, so that answers which have arrived by then are drawn at once.
if (hasFace()) followDesk();
const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={variables}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        {hasFace() ? (
          <App />
        ) : (
          <p>This page belongs to Keymoot’s window and does nothing by itself.</p>
        )}
      </MantineProvider>
    </StrictMode>,
  );
