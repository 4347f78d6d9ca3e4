/** The current place in the window: `#/keys/ID`. A reload shows the same place. */
import { useSyncExternalStore } from 'react';

export const go = (...parts: string[]): void => {
  window.location.hash = `/${parts.map(encodeURIComponent).join('/')}`;
};
const read = (): string => window.location.hash.slice(2);
/** A new screen starts scrolled to the top; one that keeps its scroll position restores it when drawn. */
window.addEventListener('hashchange', () => {
  document.getElementById('work')?.scrollTo(0, 0);
});
const watch = (changed: () => void) => {
  window.addEventListener('hashchange', changed);
  return () => {
    window.removeEventListener('hashchange', changed);
  };
};
export const useRoute = (): string[] => {
  const hash = useSyncExternalStore(watch, read);
  return hash.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return '';
    }
  });
};
