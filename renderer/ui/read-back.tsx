/** Words at positions that the desk picked, typed by the person who follows on paper or screen: proof that they compared (design 03, "The screen"). */
import './guided.css';
import { TextInput } from '@mantine/core';
import { useState } from 'react';

/** A word's position on paper: hex in fours, two words under each. */
const placeOf = (position: number): string =>
  `group ${Math.ceil(position / 2)}, ${position % 2 === 1 ? 'first' : 'second'} word`;

export interface ReadBack {
  positions: readonly number[];
  typed: Readonly<Record<number, string>>;
  type: (position: number, word: string) => void;
  /** The words in order, or which are missing. */
  take: () => { words: string[] } | { missing: string };
}

export const useReadBack = (positions: readonly number[]): ReadBack => {
  const asked = positions.join(' ');
  const [kept, setKept] = useState<{ asked: string; words: Record<number, string> }>({
    asked,
    words: {},
  });
  // After a mistake other words are requested, and those typed for the former ones are dropped.
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
