/** One entry: its content, its signers, and the proof that it is in the sealed log. */
import { Text, Title } from '@mantine/core';
import { bytesToHex } from '@noble/hashes/utils.js';
import { useEffect, useState } from 'react';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { Output } from '../../../shared/contract/index.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { call } from '../../bridge/bridge.ts';
import { ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { Says } from '../../ui/says.tsx';
import { Short, Time } from '../../ui/text.tsx';
import { Arrive } from './arrive.tsx';
import {
  actsOf,
  isAbout,
  openAct,
  obj,
  outcomeOf,
  OUTCOMES,
  saysOf,
  str,
  type EntryData,
  type Signed,
} from './entry.ts';
import { nameOf } from './log-store.ts';
import { Members, PersonName } from './members.tsx';
import { keyHash, leafHash, payloadSignedBy } from './proof.ts';
import { Proof } from './proof-view.tsx';
import { sentenceOf } from './sentences.ts';
import { isolatedQuotes } from '../../ui/isolated.ts';

/** How many neighbouring entries are loaded too, to find an intent's outcome. */
const AROUND = 100;

const useEntry = (seq: number, ready: boolean) => {
  const [state, setState] = useState<
    { entries: Output<'log.entries'>['entries'] } | { error: ErrorData } | undefined
  >();
  useEffect(() => {
    let stale = false;
    if (ready)
      void call('log.entries', { from: Math.max(0, seq - AROUND), limit: 2 * AROUND }).then(
        (answer) => {
          if (stale) return;
          if (!answer.ok) setState({ error: answer.error });
          else if (answer.value.entries.some((entry) => entry.seq === seq))
            setState({ entries: answer.value.entries });
          else
            setState({
              error: {
                code: 'not-found',
                message: `There is no entry ${seq}. The log has ${answer.value.size} entries, counted from 0.`,
              },
            });
        },
      );
    return () => {
      stale = true;
    };
  }, [seq, ready]);
  return state;
};

const SignedAct = ({ act, entry }: { act: Signed; entry: EntryData }) => {
  const person = useDesk((desk) => desk.people).find(({ id }) => id === act.person);
  const holds =
    person !== undefined &&
    person.key.sha256 === act.keyId &&
    keyHash(person.key.spki) === act.keyId &&
    payloadSignedBy(act.payload, act.signature, person.key);
  return (
    <div className="audit-act">
      <Title order={3} size="h5">
        <PersonName id={act.person} />
      </Title>
      <dl className="audit-members">
        <dt>Signed</dt>
        <dd>
          {act.kind === 'enrolment' ? (
            'their own enrolment'
          ) : (
            <>
              <span className="mono">{act.channel}</span>
              {isAbout(act, entry) ? (
                ', about exactly what this entry says'
              ) : (
                <span className="stop">, ✕ about something else than this entry says</span>
              )}
            </>
          )}
          , <Time at={act.time} />, when the log had {act.headSize} entries
        </dd>
        <dt>With the key</dt>
        <dd>
          <Short value={act.keyId} keep={12} label="key’s fingerprint" />
        </dd>
        <dt>Signature</dt>
        <dd>
          {holds ? (
            <>
              ✓ checked in this window: it is theirs, by the key they are enrolled with{' '}
              <Says who="person" />
            </>
          ) : person === undefined ? (
            'not checked: nobody of that id is enrolled here'
          ) : (
            <span className="stop">✕ does not hold under the key they are enrolled with</span>
          )}
        </dd>
      </dl>
    </div>
  );
};

const Acts = ({ entry }: { entry: EntryData }) => {
  const statement = openAct(obj(entry['detail'])['statement']);
  const acts = [...(statement === undefined ? [] : [statement]), ...actsOf(entry)];
  return (
    <section className="audit-section">
      <Title order={2} size="h4">
        Who signed
      </Title>
      {acts.length === 0 ? (
        <Text maw="44em">
          Nobody signed this entry: it is the desk’s own word, sealed with the rest of the log.
        </Text>
      ) : (
        acts.map((act) => <SignedAct key={`${act.keyId}${act.kind}`} act={act} entry={entry} />)
      )}
    </section>
  );
};

/** Links from an intent to its outcome and back. */
const Related = ({
  entry,
  entries,
}: {
  entry: EntryData;
  entries: Output<'log.entries'>['entries'];
}) => {
  const corr = str(entry['corr']);
  const other = entries.find(({ entry: near }) =>
    corr === '' ? str(near['corr']) === str(entry['id']) : str(near['id']) === corr,
  );
  if (corr === '' && outcomeOf(entry) !== 'intent') return null;
  const words = corr === '' ? 'What came of it' : 'What was set out to do';
  return (
    <Text mt="sm">
      {words}:{' '}
      {other === undefined ? (
        corr === '' ? (
          `no entry among the next ${AROUND} says so yet.`
        ) : (
          <Short value={corr} label="intent’s id" />
        )
      ) : (
        <a href={`#/audit/${other.seq}`}>
          entry {other.seq}, {isolatedQuotes(sentenceOf(other.entry, nameOf))}
        </a>
      )}
    </Text>
  );
};

const FRAME = [
  'v',
  'log',
  'seq',
  'id',
  'time',
  'type',
  'outcome',
  'actor',
  'app',
  'acts',
  'corr',
  'detail',
  'clock',
  'where',
];

export const EntryPage = ({ seq }: { seq: number }) => {
  const status = useDesk((desk) => desk.status);
  useDesk((desk) => desk.people); // names in sentences
  const here = status !== undefined && status.here.length > 0;
  const state = useEntry(seq, here);
  const size = status?.log.size ?? 0;
  const head = (
    <PageHead
      title={`Entry ${seq}`}
      actions={
        <>
          <GoButton variant="default" disabled={seq === 0} to={['audit', String(seq - 1)]}>
            {seq === 0 ? '← None before' : `← Entry ${seq - 1}`}
          </GoButton>
          <GoButton variant="default" disabled={seq + 1 >= size} to={['audit', String(seq + 1)]}>
            {seq + 1 >= size ? 'None after →' : `Entry ${seq + 1} →`}
          </GoButton>
          <GoButton variant="default" to={['audit']}>
            Timeline
          </GoButton>
        </>
      }
    />
  );
  if (status === undefined) return null;
  if (!here)
    return (
      <>
        {head}
        <Arrive />
      </>
    );
  if (state === undefined)
    return (
      <>
        {head}
        <Text role="status" c="dimmed">
          Being read
        </Text>
      </>
    );
  const found = 'entries' in state ? state.entries.find((view) => view.seq === seq) : undefined;
  if ('error' in state || found === undefined)
    return (
      <>
        {head}
        <ErrorBox error={'error' in state ? state.error : undefined} />
      </>
    );
  const { entry } = found;
  const outcome = outcomeOf(entry);
  const actor = obj(entry['actor']);
  const where = obj(entry['where']);
  const bytes = canonicalBytes(entry);
  const leaf = leafHash(bytes);
  const rest = Object.keys(entry).filter((name) => !FRAME.includes(name));
  return (
    <>
      {head}
      <div className="columns">
        <div style={{ minWidth: 0 }}>
          <Text size="lg" maw="40em">
            {isolatedQuotes(sentenceOf(entry, nameOf))}
          </Text>
          <Related entry={entry} entries={'entries' in state ? state.entries : []} />
          <section className="audit-section">
            <Title order={2} size="h4">
              What was recorded
            </Title>
            <Members of={obj(entry['detail'])} but={['statement']} />
            {rest.length === 0 ? null : (
              <div style={{ marginTop: 14 }}>
                <Members of={Object.fromEntries(rest.map((name) => [name, entry[name]]))} />
              </div>
            )}
          </section>
          <Acts entry={entry} />
          <Proof key={seq} seq={seq} leaf={leaf} told={found.leaf} />
          <section className="audit-section">
            <details>
              <summary>The entry’s own bytes: canonical JSON, {bytes.length} bytes</summary>
              <pre className="audit-text" tabIndex={0} aria-label="Canonical JSON">
                {new TextDecoder().decode(bytes)}
              </pre>
              <Text size="sm">
                Its leaf hash, SHA-256 of a zero byte and these bytes, calculated here:{' '}
                <Short value={bytesToHex(leaf)} keep={12} label="leaf hash" />
              </Text>
            </details>
          </section>
        </div>
        <aside>
          <Facts
            rows={[
              ['Time', `${str(entry['time']).replace('T', ' ').replace('Z', '')} UTC`],
              ['Type', <span className="mono">{str(entry['type'])}</span>],
              [
                'Outcome',
                <span title={OUTCOMES[outcome].words}>
                  <span aria-hidden="true">{OUTCOMES[outcome].mark}</span> {outcome}
                </span>,
              ],
              [
                'Recorded for',
                <>
                  <PersonName id={str(actor['id'])} />
                  {str(actor['role']) === 'desk' ? '' : `, ${str(actor['role'])}`}
                  {str(actor['auth']) === 'none' ? '' : `, by ${str(actor['auth'])}`}
                </>,
              ],
              ['Says', <Says who={saysOf(entry)} />],
              [
                'Where',
                `${str(where['host'])}${str(where['token_serial']) === '' ? '' : `, token ${str(where['token_serial'])}`}`,
              ],
              ['Keymoot', str(obj(entry['app'])['version'])],
              ['Entry’s id', <Short value={str(entry['id'])} label="entry’s id" />],
              ['Log', <span className="mono">{str(entry['log'])}</span>],
            ]}
          />
        </aside>
      </div>
    </>
  );
};
