/** Properties of the machine that a security officer should know before a ceremony (design 08, T9). It only reports. */
import { readFileSync } from 'node:fs';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // this kernel has no such file: no warning
  }
};

export const surroundings = (): string[] => {
  const warnings: string[] = [];
  if (process.getuid?.() === 0) warnings.push('Keymoot runs as the system’s administrator (root).');
  if (process.platform !== 'linux')
    return [...warnings, 'Swap, hibernation and crash dumps of this system were not looked at.'];
  if (read('/proc/sys/kernel/core_pattern').startsWith('|'))
    warnings.push(
      'Crash dumps go to a program (core_pattern), which may ignore that ours are switched off.',
    );
  if (read('/proc/swaps').split('\n').length > 1)
    warnings.push('Swap is on: memory may be written to disk. Switch it off.');
  const sleep = read('/sys/power/disk');
  if (sleep !== '' && !sleep.includes('[disabled]'))
    warnings.push('Hibernation is possible: it writes all memory to disk.');
  return warnings;
};
