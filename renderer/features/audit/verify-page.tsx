/** Judges a bundle by a trust file and anchors that came by a different route. */
import { Button, Text, Textarea, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { VerdictView } from '../../../shared/contract/desk.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { Act } from '../../app/act.tsx';
import { DropZone, type Dropped } from '../../ui/drop-zone.tsx';
import { ErrorBox, Facts } from '../../ui/messages.tsx';
import { Short } from '../../ui/text.tsx';
import { choose, takeDropped, type Chosen } from './files.ts';
import { isolated } from '../../ui/isolated.ts';

const VERDICTS: Readonly<
  Record<VerdictView['verdict'], { mark: string; className: string; words: string }>
> = {
  pass: {
    mark: '✓',
    className: 'proven',
    words: 'Every check holds, by the trust file and the anchors that were given.',
  },
  unproven: {
    mark: '◌',
    className: '',
    words:
      'Nothing contradicts it, and not everything could be shown. This is not a sign of tampering; what is missing is named below.',
  },
  malformed: {
    mark: '✕',
    className: 'stop',
    words:
      'It does not have the form that the format page gives. Nothing can be concluded from it.',
  },
  tampered: {
    mark: '✕',
    className: 'stop',
    words:
      'Something in it contradicts its hashes, its signatures, an anchor, or what the log said before. Keep it as evidence and do not rely on it.',
  },
};
const PARTS = {
  format: 'Has every file and every entry the form of the format page?',
  integrity: 'Do the hashes lead from each entry to the root?',
  authenticity: 'Did the trusted log key sign, and enrolled people?',
  completeness: 'Do checkpoints held outside agree, so that nothing before them is missing?',
  quorum: 'Did enough different people sign each act?',
  state: 'Does each entry follow from those before it?',
} as const;
const RESULTS = { pass: '✓ pass', fail: '✕ fail', unproven: '◌ unproven' } as const;

const Verdict = ({ verdict, of }: { verdict: VerdictView; of: string }) => {
  const { mark, className, words } = VERDICTS[verdict.verdict];
  const bad = verdict.first_bad;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus();
    heading.current?.scrollIntoView({ block: 'start' });
  }, [verdict]);
  return (
    <section className="audit-section" aria-label="Verdict">
      <div className="columns">
        <div style={{ minWidth: 0 }}>
          <h2 className={`audit-verdict ${className}`} ref={heading} tabIndex={-1}>
            <span aria-hidden="true">{mark}</span>
            {verdict.verdict.toUpperCase()}
          </h2>
          <Text maw="44em" mb="md">
            {words}
          </Text>
          {bad === undefined ? null : (
            <div className="error" style={{ marginBottom: 16 }}>
              <b>First bad place:</b>{' '}
              {[
                bad.index === undefined ? [] : [`entry ${bad.index}`],
                bad.path === undefined ? [] : [bad.path],
                bad.offset === undefined ? [] : [`byte ${bad.offset}`],
              ]
                .flat()
                .join(', ')}
              {bad.index === undefined && bad.path === undefined ? '' : ': '}
              {bad.why}
            </div>
          )}
          <table className="list audit-verdict-parts">
            <thead>
              <tr>
                <th style={{ width: '11em' }}>Part</th>
                <th style={{ width: '8em' }}>Result</th>
                <th>The question, and what was found</th>
              </tr>
            </thead>
            <tbody>
              {(Object.keys(PARTS) as (keyof typeof PARTS)[]).map((name) => {
                const { result, notes } = verdict.parts[name];
                return (
                  <tr key={name}>
                    <td>{name}</td>
                    <td className={result === 'fail' ? 'stop' : result === 'pass' ? 'proven' : ''}>
                      {RESULTS[result]}
                    </td>
                    <td>
                      {PARTS[name]}
                      {notes.map((note) => (
                        <Text key={note} size="sm" mt={4} style={{ overflowWrap: 'anywhere' }}>
                          {note}
                        </Text>
                      ))}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          <Title order={3} size="h5" mt="lg">
            Not proven
          </Title>
          <ul>
            {verdict.not_proven.map((what) => (
              <li key={what}>{what}</li>
            ))}
          </ul>
        </div>
        <aside>
          <Facts
            rows={[
              ['Bundle', of],
              ['Log', <span className="mono">{verdict.log ?? 'unknown'}</span>],
              ['Size', verdict.size === null ? 'unknown' : `${verdict.size} entries`],
              [
                'Root',
                verdict.root === null ? 'unknown' : <Short value={verdict.root} label="root" />,
              ],
              ['On the command line', `exit ${verdict.exit}`],
            ]}
          />
        </aside>
      </div>
    </section>
  );
};

const Choice = ({
  title,
  hint,
  label,
  chosen,
  onChoose,
}: {
  title: string;
  hint: string;
  label: string;
  chosen: Chosen | undefined;
  onChoose: () => void;
}) => (
  <div>
    <Text fw={500} size="sm">
      {title}
    </Text>
    <Text size="sm" c="dimmed" mb={6}>
      {hint}
    </Text>
    <div style={{ display: 'flex', gap: 14, alignItems: 'center', flexWrap: 'wrap' }}>
      <Button variant="default" onClick={onChoose}>
        {label}
      </Button>
      <span role="status" style={{ overflowWrap: 'anywhere' }}>
        {chosen === undefined ? 'none chosen' : `“${isolated(chosen.name)}”`}
      </span>
    </div>
  </div>
);

/** A checkpoint as it was signed: pasted text may have lost its last line break or come with a machine's own. */
const asNote = (text: string): string => `${text.replaceAll('\r', '').trim()}\n`;

export const VerifyPage = () => {
  const [bundle, setBundle] = useState<Chosen>();
  const [trust, setTrust] = useState<Chosen>();
  const [anchor, setAnchor] = useState('');
  const [error, setError] = useState<ErrorData>();
  const [judged, setJudged] = useState<{ verdict: VerdictView; of: string }>();
  const of = useRef('');
  const pick = async (
    purpose: 'verify-bundle' | 'verify-trust',
    keep: (chosen: Chosen) => void,
  ) => {
    setError(undefined);
    const chosen = await choose(purpose, '');
    if (chosen.ok) keep(chosen.value);
    else if (chosen.error.code !== 'cancelled') setError(chosen.error);
  };
  /** A folder is the bundle; a file is the trust file. */
  const drop = async (dropped: readonly Dropped[]) => {
    setError(undefined);
    for (const { file, folder } of dropped) {
      const taken = await takeDropped(folder ? 'verify-bundle' : 'verify-trust', file);
      if (!taken.ok) setError(taken.error);
      else if (folder) setBundle(taken.value);
      else setTrust(taken.value);
    }
  };
  return (
    <>
      <Text maw="46em" mb="lg">
        Nothing is taken on the bundle’s own word: the trust file says which log and which key are
        believed. It came to you another way, or it proves nothing. This check runs in the desk’s
        own program; for one that shares no code with it, use{' '}
        <span className="mono">keymoot-verify.mjs</span> on another computer.
      </Text>
      <Act
        channel="log.verify"
        people={[]}
        label="Verify the bundle"
        disabled={bundle === undefined ? 'Choose the bundle’s folder first.' : undefined}
        input={() => {
          if (bundle === undefined)
            return {
              ok: false,
              error: { code: 'cancelled', message: 'No bundle was chosen, so nothing was judged.' },
            };
          setJudged(undefined);
          of.current = bundle.name;
          // A chosen file may be read once.
          setBundle(undefined);
          setTrust(undefined);
          return {
            ok: true,
            value: {
              bundle: bundle.grant,
              ...(trust === undefined ? {} : { trust: trust.grant }),
              ...(anchor.trim() === '' ? {} : { anchors: [asNote(anchor)] }),
            },
          };
        }}
        onDone={(verdict) => {
          setJudged({ verdict, of: of.current });
        }}
      >
        <DropZone label="Bundle and trust file" onDrop={(dropped) => void drop(dropped)}>
          <Choice
            title="Bundle"
            hint="The folder that an export made. It holds manifest.json. Choose it, or drop it here."
            label="Choose the bundle"
            chosen={bundle}
            onChoose={() => void pick('verify-bundle', setBundle)}
          />
          <Choice
            title="Trust file"
            hint="trust.json, from another way than the bundle. Without it nothing can be authentic. Choose it, or drop it here."
            label="Choose the trust file"
            chosen={trust}
            onChoose={() => void pick('verify-trust', setTrust)}
          />
        </DropZone>
        <Textarea
          label="Checkpoint held outside, if you have one"
          description="The text of a checkpoint from the minutes or a stick, beside those in the trust file."
          autosize
          minRows={3}
          maxRows={8}
          maxLength={4000}
          spellCheck={false}
          value={anchor}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          onChange={(event) => {
            setAnchor(event.currentTarget.value);
          }}
        />
        <ErrorBox error={error} />
      </Act>
      {judged === undefined ? null : <Verdict verdict={judged.verdict} of={judged.of} />}
    </>
  );
};
