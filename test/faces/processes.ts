/** A window's processes: what they were started with, and what they listen on. */
import { readFileSync } from 'node:fs';
import { portsOf } from '../support/debugger.ts';
import { childrenOf, processesOf } from './faces.ts';

/** TCP ports that a process and those below it listen on. */
export const listening = (pid: number): string[] => portsOf([pid, ...childrenOf(pid)]);

/** The command line of the process of a window that has this in it. */
export const commandOf = (home: string, has: string): string =>
  processesOf(home)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return ''; // ended meanwhile
      }
    })
    .find((line) => line.includes(has)) ?? '';
export const profileOf = (browser: string): string =>
  /--user-data-dir=(\S+)/.exec(browser)?.[1] ?? '';
