/** After the end: the verdict, each claim's witness, the exceptions, and what to do with the record. */
import { Button, Text, Title } from '@mantine/core';
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { GoButton } from '../../app/go-button.tsx';
import { print } from '../../bridge/bridge.ts';
import { Guided, ReadAloud, Side, StateMark } from '../../ui/guided.tsx';
import { Claims } from '../../ui/says.tsx';
import { Fingerprint, hexGroups, Short } from '../../ui/text.tsx';
import { decisionWords, seatsNow, useNames } from './data.ts';
import { PeopleFacts } from './people-facts.tsx';
import { Way } from './way.tsx';
import { seatName, STATES } from './words.ts';
import { isolated } from '../../ui/isolated.ts';

const verdictOf = (view: CeremonyView): { word: string; means: string } => {
  if (view.status === 'ABORTED')
    return {
      word: 'ABORTED',
      means: 'The ceremony ended without a key. Serial numbers of opened envelopes are void.',
    };
  return view.verdict === 'DISPUTED'
    ? {
        word: 'DISPUTED',
        means: 'Somebody did not agree. What they said stands in the record; nothing was deleted.',
      }
    : {
        word: view.verdict ?? 'CLOSED',
        means: 'Everyone agreed that it went as the definition says.',
      };
};

export const Evidence = ({ view, definition }: { view: CeremonyView; definition: Definition }) => {
  const nameOf = useNames();
  const seated = seatsNow(definition, view);
  const verdict = verdictOf(view);
  const { length: count } = view.exceptions;
  const { check, key } = view;
  const { token } = definition.at;
  return (
    <Guided
      bar={
        <>
          <b>{view.title}</b>
          <StateMark {...STATES[view.status]} word={view.status} />
          <span>
            Token {isolated(token.label)}, serial <span className="mono">{token.serial}</span>
          </span>
        </>
      }
      way={<Way view={view} />}
      facts={
        <>
          <PeopleFacts view={view} definition={definition} seated={seated} />
          <Side title="Ceremony id">
            <Short value={view.id} label="ceremony id" />
          </Side>
        </>
      }
    >
      <Text c="dimmed">Verdict</Text>
      <h1 className={`verdict${verdict.word === 'AGREED' ? '' : ' stop'}`}>{verdict.word}</h1>
      <Text size="lg">{verdict.means}</Text>
      <Text mt="xs">
        {count} {count === 1 ? 'exception' : 'exceptions'}.{' '}
        {view.disagreed.map((person) => `${nameOf(person)} did not agree. `)}
      </Text>
      {check === undefined ? null : (
        <ReadAloud title={`Check value of ${isolated(definition.key.label)}, by ${check.method}`}>
          <div className="value">{hexGroups(check.value.toUpperCase()).join(' ')}</div>
        </ReadAloud>
      )}
      {view.claims.length === 0 ? null : (
        <>
          <Title order={2} size="h4" mt="lg" mb="xs">
            What can be said, and by whom
          </Title>
          <Claims claims={view.claims} />
        </>
      )}
      {count === 0 ? null : (
        <>
          <Title order={2} size="h4" mt="lg" mb="xs">
            Exceptions
          </Title>
          {view.exceptions.map(
            ({ number, step, expected, observed, decision, substitute, open }) => (
              <div key={number} style={{ marginBottom: 14 }}>
                <b>
                  {number}. Step {step}
                </b>
                <div>Expected: {expected}</div>
                <div>Observed: {observed}</div>
                <div>
                  {open
                    ? 'Not decided before the end.'
                    : `Decided: ${decisionWords({ decision, substitute }, nameOf)}`}
                </div>
              </div>
            ),
          )}
        </>
      )}
      <Title order={2} size="h4" mt="lg" mb="xs" className="no-print">
        What to do next
      </Title>
      <ol style={{ margin: 0, paddingLeft: 20 }} className="no-print">
        <li>
          Export the audit log: this ceremony’s signed record is in it, and anybody can verify it
          without this desk.
        </li>
        <li>Print this page and let it be signed by hand, if your rules ask for paper.</li>
        {key === undefined ? null : <li>The key is active and stands in the inventory.</li>}
        {view.status === 'ABORTED' ? (
          <li>Ask the sender for new components: opened envelopes are not used again.</li>
        ) : null}
      </ol>
      <div
        className="no-print"
        style={{ display: 'flex', gap: 10, flexWrap: 'wrap', marginTop: 18 }}
      >
        <GoButton to={['audit', 'export']}>Export the audit log</GoButton>
        <Button variant="default" onClick={() => void print()}>
          Print this page
        </Button>
        {key === undefined ? null : (
          <GoButton variant="default" to={['keys', key]}>
            Show the key
          </GoButton>
        )}
      </div>
      <div style={{ marginTop: 32 }}>
        <ReadAloud title="The definition that was followed">
          <Fingerprint hex={view.definitionSha256} />
        </ReadAloud>
        <a className="no-print" href={`#/ceremonies/definition/${view.definitionSha256}`}>
          Read the definition
        </a>
      </div>
      <div className="print-only" style={{ marginTop: '18pt' }}>
        <p>
          Ceremony <span className="mono">{view.id}</span>
        </p>
        {key === undefined ? null : (
          <p>
            Key <span className="mono">{key}</span>
          </p>
        )}
        {seated.map(({ seat, person }) => (
          <p key={seat}>
            {nameOf(person)}, {seatName(seat)}: ______________________
          </p>
        ))}
      </div>
    </Guided>
  );
};
