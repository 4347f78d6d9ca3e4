/** A file or place chosen in the face’s dialog, with its button. */
import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { askFile } from '../../bridge/bridge.ts';

/** A grant is valid for one try. */
export const useGranted = (purpose: 'parameters' | 'package', suggested?: string) => {
  const [file, setFile] = useState<{ grant: string; name: string }>();
  return {
    file,
    choose: async () => {
      const chosen = await askFile(purpose, suggested);
      if (chosen !== undefined) setFile(chosen);
    },
    /** Takes the grant, which is used up afterwards. */
    take: (): string | undefined => {
      setFile(undefined);
      return file?.grant;
    },
  };
};

export const Granted = ({
  of,
  label,
  chosen,
  none,
}: {
  of: ReturnType<typeof useGranted>;
  label: string;
  chosen: string;
  none: string;
}) => (
  <div style={{ display: 'flex', gap: 12, alignItems: 'center', flexWrap: 'wrap' }}>
    <Button variant="default" onClick={() => void of.choose()}>
      {label}
    </Button>
    <Text role="status">
      {of.file === undefined ? (
        none
      ) : (
        <>
          {chosen}: <span className="mono">{of.file.name}</span>
        </>
      )}
    </Text>
  </div>
);
