/** A phrase that must be typed exactly before an irreversible act. */
import { TextInput } from '@mantine/core';
import { isolated } from './isolated.ts';

export const Phrase = ({
  phrase,
  typed,
  onChange,
}: {
  phrase: string;
  typed: string;
  onChange: (typed: string) => void;
}) => (
  <TextInput
    label={
      <>
        Type exactly: <bdi className="mono">{phrase}</bdi>
      </>
    }
    aria-label={`Type exactly: ${isolated(phrase)}`}
    value={typed}
    maxLength={256}
    spellCheck={false}
    autoComplete="off"
    classNames={{ input: 'mono' }}
    onChange={(event) => {
      onChange(event.currentTarget.value);
    }}
  />
);
