/** A button that copies public text and shows that it did until it loses the focus. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { copyText } from './copy.ts';

export const CopyText = ({
  value,
  label,
  done,
}: {
  value: string;
  label: string;
  done: string;
}) => {
  const [copied, setCopied] = useState(false);
  return (
    <Button
      variant="default"
      onClick={() => {
        setCopied(copyText(value));
      }}
      onBlur={() => {
        setCopied(false);
      }}
    >
      {copied ? done : label}
    </Button>
  );
};
