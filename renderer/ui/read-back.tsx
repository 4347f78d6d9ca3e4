/** Words that the desk picked, typed by whoever follows on paper or on the screen: nobody can nod instead (design 03, "The screen"). */
import './guided.css';
import { TextInput } from '@mantine/core';
import { useState } from 'react';

/** Where a word stands on paper: hex in fours, two words under each. */
const placeOf = (position: number): string =>
  `group ${Math.ceil(position / 2)}, ${position % 2 === 1 ? 'first' : 'second'} word`;

export interface ReadBack {
  positions: readonly number[];
  typed: Readonly<Record<number, string>>;
  type: (position: number, word: string) => void;
  /** The words in order, or what is still missing. */
  take: () => { words: string[] } | { missing: string };
}

export const useReadBack = (positions: readonly number[]): ReadBack => {
  const asked = positions.join(' ');
  const [kept, setKept] = useState<{ asked: string; words: Record<number, string> }>({
    asked,
    words: {},
  });
  // Other words are asked for after a mistake; what was typed for the former ones goes.
  const typed = kept.asked === asked ? kept.words : {};
  return {
    positions,
    typed,
    type: (position, word) => {
      setKept({ asked, words: { ...typed, [position]: word } });
    },
    take: () => {
      const words = positions.map((position) => (typed[position] ?? '').trim());
      const missing = positions[words.indexOf('')];
      return missing === undefined ? { words } : { missing: `Word ${missing} has not been typed.` };
    },
  };
};

export const ReadBackFields = ({ of: { positions, typed, type } }: { of: ReadBack }) => (
  <div className="fields pairs">
    {positions.map((position) => (
      <TextInput
        key={position}
        label={`Word ${position}`}
        description={placeOf(position)}
        value={typed[position] ?? ''}
        maxLength={32}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          type(position, event.currentTarget.value);
        }}
      />
    ))}
  </div>
);
