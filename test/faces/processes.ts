/** A window's processes: their command lines and their listening ports. */
import { readFileSync } from 'node:fs';
import { portsOf } from '../support/debugger.ts';
import { childrenOf, processesOf } from './faces.ts';

/** TCP ports that a process and those below it listen on. */
export const listening = (pid: number): string[] => portsOf([pid, ...childrenOf(pid)]);

/** The process of a window whose command line contains this text. */
const processWith = (home: string, has: string): { pid: number; line: string } | undefined =>
  processesOf(home)
    .map((pid) => {
      try {
        return { pid, line: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
      } catch {
        return { pid, line: '' }; // ended meanwhile
      }
    })
    .find(({ line }) => line.includes(has));
export const commandOf = (home: string, has: string): string => processWith(home, has)?.line ?? '';
/** The id of a window's Chromium. */
export const browserOf = (home: string): number => {
  const found = processWith(home, '--app=');
  if (found === undefined) throw new Error('no browser is running');
  return found.pid;
};
export const profileOf = (browser: string): string =>
  /--user-data-dir=(\S+)/.exec(browser)?.[1] ?? '';
