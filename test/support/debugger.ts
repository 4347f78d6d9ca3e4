/** What a running process would give away to others: the debugger that a Node opens on a signal, and a core dump. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const quietly = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    return otherwise; // ended or closed meanwhile
  }
};

/** TCP ports on which one of these processes listens, as hex. */
export const portsOf = (pids: readonly number[]): string[] => {
  const sockets = new Set<string>();
  for (const pid of pids)
    for (const fd of quietly(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const target = quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '');
      sockets.add(/^socket:\[(\d+)\]$/u.exec(target)?.[1] ?? '');
    }
  return ['tcp', 'tcp6'].flatMap((kind) =>
    quietly(() => readFileSync(`/proc/net/${kind}`, 'utf8'), '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/u))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  );
};

export const runs = (pid: number): boolean => {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), '');
  return !['', 'Z'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
};

/**
 * Whether a process is a Node by now, which keeps the signal back while it starts and then waits for it or never takes it: before that it would just end by it.
 */
export const decidesOnDebugger = (pid: number): boolean => {
  const status = quietly(() => readFileSync(`/proc/${pid}/status`, 'utf8'), '');
  const has = (mask: string): boolean => {
    const bits = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'mu').exec(status)?.[1] ?? '0';
    return (BigInt(`0x${bits}`) & (1n << BigInt(constants.signals.SIGUSR1 - 1))) !== 0n;
  };
  return has('SigBlk') || has('SigCgt');
};

/** What a Node that obeys needs to open its port: a few milliseconds, more on a busy machine. */
const LONG_ENOUGH_MS = 500;

/** Sends SIGUSR1 to each; the ports on which they then listen, and those that ended by it. */
export const askForDebugger = async (
  pids: readonly number[],
): Promise<{ ports: string[]; ended: number[] }> => {
  for (const pid of pids) process.kill(pid, 'SIGUSR1');
  const end = Date.now() + LONG_ENOUGH_MS;
  let ports: string[] = [];
  while (ports.length === 0 && Date.now() < end) {
    await sleep(20);
    ports = portsOf(pids);
  }
  return { ports, ended: pids.filter((pid) => !runs(pid)) };
};

/** What a core dump of a process could hold: how large it may be (soft and hard limit), and which kinds of memory would be in it. */
export const coreOf = (pid: number): { limits: string[]; filter: number } => ({
  limits:
    /^Max core file size\s+(\S+)\s+(\S+)/mu
      .exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))
      ?.slice(1) ?? [],
  filter: Number.parseInt(readFileSync(`/proc/${pid}/coredump_filter`, 'utf8'), 16),
});
