/** The screens, listed once: the rail, the palette and the help read this. The first comes with the page, the others are read when it is there. */
import { useEffect, useState, type ReactNode } from 'react';
import { Overview, overviewHelp } from '../features/overview/overview.tsx';

/** What a place of the window shows: a feature's public face. */
export interface Part {
  show: (route: readonly string[]) => ReactNode;
  /** A page of help, offline, in paragraphs. */
  help: readonly string[];
}

export const SCREENS = [
  { id: 'overview', title: 'Overview' },
  { id: 'tokens', title: 'Tokens' },
  { id: 'keys', title: 'Keys' },
  { id: 'ceremonies', title: 'Ceremonies' },
  { id: 'exports', title: 'Exports' },
  { id: 'audit', title: 'Audit' },
  { id: 'people', title: 'People' },
  { id: 'settings', title: 'Settings' },
] as const;
export type ScreenId = (typeof SCREENS)[number]['id'];
/** Everything but the overview; `first-run` stands in the place of every screen before there is a desk. */
export type Others = Readonly<Record<Exclude<ScreenId, 'overview'> | 'first-run', Part>>;

const OVERVIEW: Part = { show: () => <Overview />, help: overviewHelp };

let others: Others | undefined;
/** @throws what the browser throws when the page's own files can't be read */
export const readOthers = async (): Promise<void> => {
  others ??= (await import('./other-screens.tsx')).OTHERS;
};

/** A place's part once it is here; undefined for none. `failed` when its file can't be read. */
export const usePart = (
  id: ScreenId | 'first-run' | undefined,
): { part: Part | undefined; failed: boolean } => {
  const [read, setRead] = useState<'here' | 'failed'>();
  const missing = id !== undefined && id !== 'overview' && others === undefined;
  useEffect(() => {
    if (!missing) return;
    readOthers().then(
      () => {
        setRead('here');
      },
      () => {
        setRead('failed');
      },
    );
  }, [missing]);
  const part = id === undefined ? undefined : id === 'overview' ? OVERVIEW : others?.[id];
  return { part, failed: missing && read === 'failed' };
};
