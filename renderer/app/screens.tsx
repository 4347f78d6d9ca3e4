/** The screens, listed once: the rail, the palette and the help read this. A feature shows one public face. */
import type { ReactNode } from 'react';
import { Audit, auditHelp } from '../features/audit/audit.tsx';
import { Ceremonies, ceremoniesHelp } from '../features/ceremonies/ceremonies.tsx';
import { Exports, exportsHelp } from '../features/exports/exports.tsx';
import { Keys, keysHelp } from '../features/keys/keys.tsx';
import { Overview, overviewHelp } from '../features/overview/overview.tsx';
import { PeopleScreen, peopleHelp } from '../features/people/people.tsx';
import { Settings, settingsHelp } from '../features/settings/settings.tsx';
import { Tokens, tokensHelp } from '../features/tokens/tokens.tsx';

export interface Screen {
  id: string;
  title: string;
  show: (route: readonly string[]) => ReactNode;
  /** A page of help, offline, in paragraphs. */
  help: readonly string[];
}

export const SCREENS: readonly Screen[] = [
  { id: 'overview', title: 'Overview', show: () => <Overview />, help: overviewHelp },
  { id: 'tokens', title: 'Tokens', show: (route) => <Tokens route={route} />, help: tokensHelp },
  { id: 'keys', title: 'Keys', show: (route) => <Keys route={route} />, help: keysHelp },
  {
    id: 'ceremonies',
    title: 'Ceremonies',
    show: (route) => <Ceremonies route={route} />,
    help: ceremoniesHelp,
  },
  {
    id: 'exports',
    title: 'Exports',
    show: (route) => <Exports route={route} />,
    help: exportsHelp,
  },
  { id: 'audit', title: 'Audit', show: (route) => <Audit route={route} />, help: auditHelp },
  {
    id: 'people',
    title: 'People',
    show: (route) => <PeopleScreen route={route} />,
    help: peopleHelp,
  },
  { id: 'settings', title: 'Settings', show: () => <Settings />, help: settingsHelp },
];
