/**
 * Copies public text by the browser's own copy command, whose event we fill with the text.
 *
 * The page has no clipboard permission, so it can neither read nor write the clipboard by itself: this works only while a click or key of a person is handled.
 */
export const copyText = (text: string): boolean => {
  let given = false;
  const give = (event: ClipboardEvent) => {
    event.preventDefault();
    event.clipboardData?.setData('text/plain', text);
    given = true;
  };
  document.addEventListener('copy', give, { capture: true, once: true });
  try {
    // Deprecated, but the only way that needs no permission.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    return document.execCommand('copy') && given;
  } finally {
    document.removeEventListener('copy', give, { capture: true });
  }
};
