/** Small numbers in words, as texts for people have them. */
const WORDS = [
  ...['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
  ...['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen'],
];
export const numberWord = (count: number): string => WORDS[count] ?? String(count);
