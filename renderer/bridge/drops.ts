/** What is dropped on the window where nothing asks for it does nothing: a browser would go to the file, and leave the desk. */
export const refuseDrops = (): void => {
  window.addEventListener('dragover', (event) => {
    // Whoever wants it has said so already.
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
  });
  window.addEventListener('drop', (event) => {
    event.preventDefault();
  });
};
