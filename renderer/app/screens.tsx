/** The screens, listed once: the rail, the palette and the help read this. The code of each is loaded when it is first shown, or when the window is idle. */
import type { ComponentType } from 'react';
import { later, type Later } from './later.ts';

/** The content of a place of the window: a feature's public interface. */
export interface Part {
  Screen: ComponentType<{ route: readonly string[] }>;
  /** A page of help, offline, in paragraphs. */
  help: readonly string[];
}
interface Listed {
  id: string;
  title: string;
  part: Later<Part>;
}
const screen = (id: string, title: string, load: () => Promise<Part>): Listed => ({
  id,
  title,
  part: later(load),
});

/** The first is the start screen of a new window. */
export const SCREENS: readonly [Listed, ...Listed[]] = [
  screen('overview', 'Overview', () => import('../features/overview/overview.tsx')),
  screen('tokens', 'Tokens', () => import('../features/tokens/tokens.tsx')),
  screen('keys', 'Keys', () => import('../features/keys/keys.tsx')),
  screen('ceremonies', 'Ceremonies', () => import('../features/ceremonies/ceremonies.tsx')),
  screen('exports', 'Exports', () => import('../features/exports/exports.tsx')),
  screen('audit', 'Audit', () => import('../features/audit/audit.tsx')),
  screen('people', 'People', () => import('../features/people/people.tsx')),
  screen('settings', 'Settings', () => import('../features/settings/settings.tsx')),
];
/** Shown instead of every screen before there is a desk. */
export const FIRST_RUN = later<Part>(() => import('../features/first-run/first-run.tsx'));
