/** The audit log: the timeline of entries, the seal, the export, and judging a bundle. */
import './audit.css';
import { PageHead } from '../../ui/messages.tsx';
import { EntryPage } from './entry-page.tsx';
import { ExportPage } from './export-page.tsx';
import { LogPage } from './log-page.tsx';
import { Timeline } from './timeline.tsx';
import { VerifyPage } from './verify-page.tsx';

export const help = [
  'Everything that matters at this desk is an entry in one log. Entries are only ever added, and each is sealed into a tree of hashes, so that changing or leaving out any of them later shows.',
  'The timeline shows the newest entry first. Narrow it by kind, by outcome, or by words that are looked for in the sentence, the names, the type and the time. Reading needs somebody in the room.',
  'Intent and outcome: before the desk asks a device for anything that can’t be undone, it writes an entry with the outcome “intent”. A second entry says what came of it. “Unknown” means that the device never said.',
  'An entry’s page shows all that was recorded, who signed it and with which key, and a proof: the hashes that lead from this entry to the root that the log key signed. The window calculates it anew from the entry’s own bytes.',
  'A checkpoint is three lines, the log’s name, its size and its root, with the log key’s signature. A checkpoint kept outside the desk, on paper or on a stick, is an anchor: with it anyone can see later that nothing before it was changed or cut off.',
  'Export writes a bundle: a folder with the whole log that a stranger can verify without this desk. The trust file says which log key to believe. It must travel another way than the bundle, since whoever could forge the one could forge the other.',
  'Verification has six parts: format, integrity, authenticity, completeness, quorum and state. State asks whether each entry follows from those before it. “Unproven” means that nothing contradicts the bundle and something could not be shown, most often because no trust file or no anchor was given. It is not “tampered”.',
] as const;

const PAGES = [
  { id: '', title: 'Timeline' },
  { id: 'log', title: 'Log and seal' },
  { id: 'export', title: 'Export' },
  { id: 'verify', title: 'Verify a bundle' },
] as const;
const HEADS: Readonly<Record<string, string>> = {
  '': 'What happened at this desk, newest first. Every line leads to the entry with its signatures and its proof.',
  log: 'One log, sealed by a key in a token. What the seal covers can’t be changed unseen.',
  export: 'Takes the whole log out, in a form that a stranger can verify without this desk.',
  verify: 'Judges an exported log, of this desk or of another.',
};

export const Screen = ({ route }: { route: readonly string[] }) => {
  const [page = ''] = route;
  if (/^\d{1,15}$/.test(page)) return <EntryPage seq={Number(page)} />;
  const here = PAGES.some(({ id }) => id === page) ? page : '';
  return (
    <>
      <PageHead title="Audit">{HEADS[here]}</PageHead>
      <nav className="audit-nav" aria-label="Audit">
        {PAGES.map(({ id, title }) => (
          <a
            key={id}
            href={id === '' ? '#/audit' : `#/audit/${id}`}
            aria-current={here === id ? 'page' : undefined}
          >
            {title}
          </a>
        ))}
      </nav>
      {here === '' ? <Timeline /> : null}
      {here === 'log' ? <LogPage /> : null}
      {here === 'export' ? <ExportPage /> : null}
      {here === 'verify' ? <VerifyPage /> : null}
    </>
  );
};
