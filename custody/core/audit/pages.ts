/** The pages of a bundle for human readers. No program reads them back; no script, no remote resource, every value escaped. */
import { hexToWords } from '../checkvalues/fingerprint.ts';
import { sameData } from '../../../shared/canonical.ts';
import type { Entry } from '../../../shared/log/entries.ts';
import type { Member } from '../state/state.ts';
import { subjectOf } from './entry.ts';
import { envelopeHolds, openEnvelope } from './statement.ts';

/** The person enrolled under an id. */
type Members = (id: string) => Member | undefined;

interface BundleFacts {
  origin: string;
  size: number;
  root: string;
  keySha256: string;
}

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/** People whose own signatures are about this very entry. */
const signersOf = (entry: Entry, members: Members): Set<string> => {
  const people = new Set<string>();
  for (const envelope of entry.acts ?? []) {
    const statement = openEnvelope(envelope)?.statement;
    const member = statement === undefined ? undefined : members(statement.person);
    if (statement?.kind !== 'act' || member === undefined || member.enrolledAt >= entry.seq)
      continue;
    if (sameData(statement.subject, subjectOf(entry)) && envelopeHolds(envelope, member.key))
      people.add(member.id);
  }
  if (entry.type !== 'person.enrolled') return people;
  const { person, statement, key } = entry.detail;
  if (members(person)?.enrolledAt === entry.seq && envelopeHolds(statement, key))
    people.add(person);
  return people;
};

/**
 * The source that the report names for an entry, never more than the entry proves: people whose signatures hold; else the device, for the attributes it showed
 * of a new key; else the desk. The check value of an imported key comes from the desk, which computes it from the components' sum.
 */
const saysOf = (entry: Entry, members: Members): string => {
  const people = signersOf(entry, members);
  if (people.size > 0) return `person ×${people.size}`;
  const { detail } = entry;
  if (entry.outcome !== 'success' || !('attributes' in detail) || detail.attributes === undefined)
    return 'desk';
  return entry.type === 'key.import' && entry.detail.check !== undefined
    ? 'device, check value: desk'
    : 'device';
};

/** The content of an entry, in one line. */
const textOf = (entry: Entry): string => {
  const { detail } = entry;
  const parts: string[] = [];
  if ('label' in detail && detail.label !== undefined) parts.push(`“${detail.label}”`);
  if ('algorithm' in detail && typeof detail.algorithm === 'string') parts.push(detail.algorithm);
  if ('origin' in detail && detail.origin !== undefined) parts.push(`origin: ${detail.origin}`);
  if ('control' in detail && detail.control !== undefined) parts.push(detail.control);
  if ('check' in detail && detail.check !== undefined)
    parts.push(`${detail.check.method} ${detail.check.value}`);
  if ('step' in detail) parts.push(`step ${detail.step}`);
  if ('observed' in detail && detail.observed !== undefined) parts.push(detail.observed);
  if ('decision' in detail) parts.push(detail.decision);
  if ('verdict' in detail) parts.push(detail.verdict);
  if (entry.reason !== undefined) parts.push(entry.reason);
  return parts.join(' · ');
};

const STYLE = `body{font:15px/1.5 "IBM Plex Sans",system-ui,sans-serif;color:#16202e;background:#fbfaf7;margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.5rem}code,td.m{font-family:"IBM Plex Mono",ui-monospace,monospace}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9d5ca;vertical-align:top}th{position:sticky;top:0;background:#fbfaf7}
.r{background:repeating-linear-gradient(45deg,#0d6b6b 0 8px,#fff 8px 16px);padding:.4rem}.r b,.p b{background:#fff;padding:.1rem .5rem}.p{background:#6b1010;padding:.4rem}
td.n{text-align:right}@media print{body{font-size:11pt;background:#fff;margin:0}}`;

/** The report in pieces, so that the whole need not be in memory. */
export class Report {
  readonly head: string;
  readonly tail = '</tbody></table></body></html>\n';
  readonly #members: Members;

  constructor({ origin, size, root, keySha256 }: BundleFacts, members: Members) {
    this.#members = members;
    const rehearsal = origin.endsWith('/rehearsal');
    this.head = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Audit log of ${escape(origin)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><style>${STYLE}</style></head><body>
<div class="${rehearsal ? 'r' : 'p'}"><b>${rehearsal ? 'REHEARSAL' : 'PRODUCTION'}</b></div>
<h1>Audit log</h1>
<p>Of <code>${escape(origin)}</code>, ${size} entries, root <code>${escape(root)}</code>.<br>
Log key <code>${keySha256}</code><br>${escape(hexToWords(keySha256).join(' '))}</p>
<p>This page is a reading aid. It proves nothing: verify the bundle as VERIFY.md says, with a trust file that came to you on another way.
“Says” names the witness: people whose signatures hold, the device for what it showed of a key that was made, or only the desk.</p>
<table><thead><tr><th>Entry</th><th>UTC</th><th>Type</th><th>Outcome</th><th>What</th><th>Says</th></tr></thead><tbody>
`;
  }

  /** The line of an entry. */
  row(entry: Entry): string {
    return `<tr><td class="n">${entry.seq}</td><td class="m">${escape(entry.time.slice(0, 19).replace('T', ' '))}</td><td>${escape(entry.type)}</td><td>${entry.outcome}</td><td>${escape(textOf(entry))}</td><td>${escape(saysOf(entry, this.#members))}</td></tr>\n`;
  }
}

export const verifyPage = ({
  origin,
  size,
  root,
  keySha256,
}: BundleFacts): string => `# How to verify this bundle

It is the audit log of \`${origin}\`: ${size} entries, root \`${root}\`.

You need a **trust file** that did not come with this bundle: it names the log and the fingerprint of its key, which the desk printed when it was founded. This
bundle claims \`${keySha256}\`. Compare that with your copy; do not take it from here.

With Keymoot: \`keymoot verify FOLDER --trust trust.json\`.
Without Keymoot, with Node 20 or newer and one file that shares no code with it: \`node keymoot-verify.mjs FOLDER --trust trust.json\`.

With other people's tools: \`log/\` is exact C2SP tlog-tiles, \`log/checkpoint\` a C2SP signed note (ECDSA P-256). The signature line's last field is base64 of a four-byte
key id and an ASN.1 signature over everything before the empty line:

    sed '/^$/,$d' log/checkpoint > text
    sed -n 's/^— [^ ]* //p' log/checkpoint | head -1 | base64 -d | tail -c +5 > signature
    openssl dgst -sha256 -verify trusted-log-key.pem -signature signature text

Exit codes: 0 everything passes; 1 tampered; 2 malformed; 3 intact, but something is unproven, and it is said what.
`;
