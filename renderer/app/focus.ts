/** Where the focus is when nobody moved it: never nowhere, or the keyboard begins again at the top of the window and a screen reader falls silent. */
import { useEffect, useRef } from 'react';

/** The heading of what is shown now: from there a screen reader reads on, and Tab leads to the first field. */
export const toWork = (): void => {
  const work = document.getElementById('work');
  const heading = document.querySelector<HTMLElement>('.blank h1') ?? work?.querySelector('h1');
  if (heading?.hasAttribute('tabindex') === false) heading.tabIndex = -1;
  (heading ?? work)?.focus({ preventScroll: true });
};

/** Another screen: the focus goes there once it is here, unless a field of it has it already. */
export const useFocusOnNavigation = (place: string, here: boolean): void => {
  const shown = useRef(place);
  useEffect(() => {
    if (!here || shown.current === place) return;
    shown.current = place;
    const work = document.getElementById('work');
    const { activeElement } = document;
    if (work === null || (activeElement !== work && work.contains(activeElement))) return;
    toWork();
  }, [place, here]);
};

const rests = (element: Element): boolean => element.matches(':disabled');

/**
 * What had the focus and is gone hands it to the heading of what took its place; what only rests, as a button whose act is under way, gets it back.
 * Whoever clicks beside everything has put it nowhere on purpose.
 */
export const keepFocus = (): (() => void) => {
  let last: HTMLElement | undefined;
  const keep = () => {
    if (last === undefined || document.activeElement !== document.body) return;
    if (!last.isConnected) {
      last = undefined;
      toWork();
    } else if (!rests(last)) last.focus({ preventScroll: true });
  };
  const entered = ({ target }: FocusEvent) => {
    last = target instanceof HTMLElement ? target : undefined;
  };
  const beside = ({ target }: Event) => {
    if (target instanceof Element && target.closest('button, a, input, select') === null)
      last = undefined;
  };
  document.addEventListener('focusin', entered);
  document.addEventListener('pointerdown', beside);
  const changes = new MutationObserver(keep);
  const what = { childList: true, subtree: true, attributeFilter: ['disabled'] };
  changes.observe(document.body, what);
  return () => {
    changes.disconnect();
    document.removeEventListener('focusin', entered);
    document.removeEventListener('pointerdown', beside);
  };
};
