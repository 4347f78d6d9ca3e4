/** An exact phrase, typed before something that can’t be undone. */
import { TextInput } from '@mantine/core';

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
        Type exactly: <span className="mono">{phrase}</span>
      </>
    }
    aria-label={`Type exactly: ${phrase}`}
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
