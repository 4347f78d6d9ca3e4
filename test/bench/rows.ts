import { readFileSync } from 'node:fs';

export interface Row {
  name: string;
  value: number;
  unit: string;
  goal: string;
  ok: boolean;
  note: string;
}

export const table = (rows: readonly Row[]): string => {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map(({ name, value, unit, goal, ok, note }) => {
      const figure = Number.isNaN(value) ? '–' : `${value.toFixed(2)} ${unit}`;
      return `${ok ? 'met ' : 'MISS'}  ${name.padEnd(width)}  ${figure.padStart(10)}  goal: ${goal}  (${note})`;
    })
    .join('\n');
};

/** Of a process, as the system counts it. */
export const residentMb = (pid: number): number => {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 'NaN') / 1024;
};
