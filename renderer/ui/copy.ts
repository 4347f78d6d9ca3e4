/**
 * Copying public text: the browser's own copy command, with our text put in when it asks for one.
 *
 * The page has no permission for the clipboard, so it can neither read it nor write to it by itself: this works only while a person's click or key is handled.
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
    // Named as outdated, and the one way that needs no permission.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    return document.execCommand('copy') && given;
  } finally {
    document.removeEventListener('copy', give, { capture: true });
  }
};
