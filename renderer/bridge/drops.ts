/** Ignores files dropped outside a drop zone: the browser would otherwise navigate to the file and leave the desk. */
export const refuseDrops = (): void => {
  window.addEventListener('dragover', (event) => {
    // A drop zone has accepted it already.
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
  });
  window.addEventListener('drop', (event) => {
    event.preventDefault();
  });
};
