/** The report beside a log: a reading aid, which must not claim more about an entry's witness than the entry shows. */
import { describe, expect, it } from 'vitest';
import { keyIn, readEntry } from '../../../custody/core/audit/reading.ts';
import type { Member } from '../../../custody/core/state/state.ts';
import { Report } from '../../../custody/core/audit/pages.ts';
import { begin } from '../../verifier/ceremony.ts';
import {
  agreedTo,
  canonical,
  envelope,
  newPerson,
  uuid,
  type Log,
} from '../../verifier/make-bundle.ts';

const MADE = {
  ...{ key: uuid(), algorithm: 'AES-256', label: 'A <key>', control: 'pin-halves' },
  attributes: { CKA_LOCAL: true },
  check: { method: 'X9.24-CMAC', value: '0a0b0c0d0e' },
};

const pageOf = (log: Log, origin = log.origin): string => {
  const members = new Map<string, Member>();
  for (const bytes of log.entries) {
    const { type, detail, seq } = readEntry(bytes);
    if (type !== 'person.enrolled' || members.has(detail.person)) continue;
    const { person: id, role, key, name_sha256: nameSha256 } = detail;
    members.set(id, {
      id,
      role,
      key,
      publicKey: keyIn(key),
      nameSha256,
      enrolledAt: seq,
      left: false,
    });
  }
  const report = new Report(
    {
      ...{ origin, size: log.size, root: log.root() },
      keySha256: log.key.sha256,
    },
    (id) => members.get(id),
  );
  const rows = log.entries.map((bytes) => report.row(readEntry(bytes)));
  return [report.head, ...rows, report.tail].join('');
};
/** The last column of the report, entry by entry. */
const saysIn = (log: Log): string[] => {
  const rows = pageOf(log).matchAll(/<tr><td.*<td>([^<]*)<\/td><\/tr>/gu);
  return [...rows].map(([, says = '']) => says);
};
const lastSays = (log: Log): string => saysIn(log).at(-1) ?? 'no row';

describe('whose word an entry is, in the report', () => {
  it('counts the people whose signatures hold', () => {
    const { log, ana, ben } = begin();
    log.addBy([ana, ben], 'key.generate', { key: uuid() }, { more: { outcome: 'intent' } });
    expect(saysIn(log)).toEqual(['device', 'person ×1', 'person ×1', 'person ×2']);
  });

  it('does not count a person twice, a stranger or a forged name', () => {
    const { log, ana, ben } = begin();
    const eve = newPerson('officer');
    const about = agreedTo('ceremony.pause', {});
    const forged = envelope(canonical(log.statement(ben, about)), eve.key, ben.key.sha256);
    const acts = [log.act(ana, about), log.act(ana, about), log.act(eve, about), forged];
    log.add('ceremony.pause', {}, { acts });
    expect(lastSays(log)).toBe('person ×1');
    log.add('ceremony.pause', {}, { acts: [log.act(eve, about), forged] });
    expect(lastSays(log)).toBe('desk');
  });

  it('names the device only for what it showed of a key that was made', () => {
    const { log } = begin();
    log.add('key.generate', MADE);
    expect(lastSays(log)).toBe('device');
    log.add('key.generate', { key: MADE.key }, { outcome: 'failure', reason: 'CKR_DEVICE_ERROR' });
    expect(lastSays(log)).toBe('desk');
    log.add('key.generate', MADE, { outcome: 'unknown' });
    expect(lastSays(log)).toBe('desk');
    log.add('key.destroy', { key: MADE.key });
    expect(lastSays(log)).toBe('desk');
  });

  it('leaves the check value of an imported key to the desk, which added it up', () => {
    const { log } = begin();
    log.add('key.import', MADE);
    expect(lastSays(log)).toBe('device, check value: desk');
  });
});

it('escapes whatever an entry holds', () => {
  const { log } = begin();
  log.add('key.generate', MADE);
  const page = pageOf(log, '<i>"&\'');
  expect(page).toContain('A &#60;key&#62;');
  expect(page).toContain('&#60;i&#62;&#34;&#38;&#39;');
});
