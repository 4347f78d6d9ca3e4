/** Text for another machine: commands, a checkpoint, a proof. Public text only. */
import './guided.css';
import { Button, Text } from '@mantine/core';
import { useRef, useState } from 'react';
import { copyText } from './copy.ts';

export const Commands = ({
  label,
  lines,
  copy: words = 'Copy the commands',
}: {
  label: string;
  lines: readonly string[];
  copy?: string;
}) => {
  const block = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState('');
  const copy = () => {
    const element = block.current;
    if (element === null) return;
    if (copyText(`${lines.join('\n')}\n`)) setSaid('Copied.');
    else {
      // Where the browser refuses to copy, the text is selected for the keyboard's copy command.
      window.getSelection()?.selectAllChildren(element);
      setSaid('Selected. Copy it with Ctrl C.');
    }
  };
  return (
    <div>
      <pre className="commands" ref={block} tabIndex={0} aria-label={label}>
        {lines.join('\n')}
      </pre>
      <div style={{ display: 'flex', gap: 12, alignItems: 'center', marginTop: 8 }}>
        <Button variant="default" size="compact-md" onClick={copy}>
          {words}
        </Button>
        <Text size="sm" role="status">
          {said}
        </Text>
      </div>
    </div>
  );
};
