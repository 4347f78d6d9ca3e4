/** A drop zone for files and folders. A button does the same, so it also works without a mouse. */
import { useState, type DragEvent, type ReactNode } from 'react';

export interface Dropped {
  file: File;
  folder: boolean;
}

const droppedIn = ({ dataTransfer }: DragEvent): Dropped[] =>
  [...dataTransfer.items].flatMap((item) => {
    const file = item.kind === 'file' ? item.getAsFile() : null;
    return file === null ? [] : [{ file, folder: item.webkitGetAsEntry()?.isDirectory === true }];
  });

export const DropZone = ({
  label,
  onDrop,
  children,
}: {
  label: string;
  onDrop: (dropped: readonly Dropped[]) => void;
  children: ReactNode;
}) => {
  const [over, setOver] = useState(false);
  return (
    <div
      className="dropzone"
      role="group"
      aria-label={label}
      data-over={over ? '' : undefined}
      onDragOver={(event) => {
        if (![...event.dataTransfer.types].includes('Files')) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = droppedIn(event);
        if (dropped.length > 0) onDrop(dropped);
      }}
    >
      {children}
    </div>
  );
};
