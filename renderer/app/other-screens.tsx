/** Every screen but the first, in one chunk of the built page. */
import { Audit, auditHelp } from '../features/audit/audit.tsx';
import { Ceremonies, ceremoniesHelp } from '../features/ceremonies/ceremonies.tsx';
import { Exports, exportsHelp } from '../features/exports/exports.tsx';
import { FirstRun } from '../features/first-run/first-run.tsx';
import { Keys, keysHelp } from '../features/keys/keys.tsx';
import { overviewHelp } from '../features/overview/overview.tsx';
import { PeopleScreen, peopleHelp } from '../features/people/people.tsx';
import { Settings, settingsHelp } from '../features/settings/settings.tsx';
import { Tokens, tokensHelp } from '../features/tokens/tokens.tsx';
import type { Others } from './screens.tsx';

export const OTHERS: Others = {
  'first-run': { show: () => <FirstRun />, help: overviewHelp },
  tokens: { show: (route) => <Tokens route={route} />, help: tokensHelp },
  keys: { show: (route) => <Keys route={route} />, help: keysHelp },
  ceremonies: { show: (route) => <Ceremonies route={route} />, help: ceremoniesHelp },
  exports: { show: (route) => <Exports route={route} />, help: exportsHelp },
  audit: { show: (route) => <Audit route={route} />, help: auditHelp },
  people: { show: (route) => <PeopleScreen route={route} />, help: peopleHelp },
  settings: { show: () => <Settings />, help: settingsHelp },
};
