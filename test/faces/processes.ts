/** A window's processes: what they were started with, and what they listen on. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { childrenOf, processesOf } from './faces.ts';

/** TCP ports that a process and those below it listen on. */
export const listening = (pid: number): string[] => {
  const sockets = new Set<string>();
  const quietly = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch {
      return otherwise; // ended or closed meanwhile
    }
  };
  for (const process of [pid, ...childrenOf(pid)])
    for (const fd of quietly(() => readdirSync(`/proc/${process}/fd`), [])) {
      const target = quietly(() => readlinkSync(`/proc/${process}/fd/${fd}`), '');
      sockets.add(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
    }
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  );
};

/** The process of a window whose command line has this in it. */
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
