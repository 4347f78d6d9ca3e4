/** Small numbers as words, for texts. */
const WORDS = [
  ...['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
  ...['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen'],
];
export const numberWord = (count: number): string => WORDS[count] ?? String(count);
