/** Keeps the focus on an element. Without one, the keyboard starts again at the top of the window and a screen reader falls silent. */
import { useEffect, useRef } from 'react';

/** Focuses the heading of the current screen: a screen reader reads on from there, and Tab leads to the first field. */
export const toWork = (): void => {
  const work = document.getElementById('work');
  const heading = document.querySelector<HTMLElement>('.blank h1') ?? work?.querySelector('h1');
  if (heading?.hasAttribute('tabindex') === false) heading.tabIndex = -1;
  (heading ?? work)?.focus({ preventScroll: true });
};

/** After navigation the focus moves to the new screen once it is shown, unless one of its fields has it already. */
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
 * When the focused element is removed, the heading of its replacement gets the focus; an element that is only disabled, as a button during its act, gets it
 * back. A click beside all controls removes the focus on purpose.
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
