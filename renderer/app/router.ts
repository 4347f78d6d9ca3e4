/** Where in the window we are: `#/keys/ID`. A reload stands at the same place. */
import { useSyncExternalStore } from 'react';

export const go = (...parts: string[]): void => {
  window.location.hash = `/${parts.map(encodeURIComponent).join('/')}`;
};
const read = (): string => window.location.hash.slice(2);
/** Another place begins at its top; one that remembers where it stood says so when it is drawn. */
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
