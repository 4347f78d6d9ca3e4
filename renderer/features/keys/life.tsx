/** A key's history from the log: a point for each operation, the latest at the end. */
import './keys.css';
import { Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { LifeEvent } from '../../../shared/contract/keys.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { call } from '../../bridge/bridge.ts';
import { ErrorBox } from '../../ui/messages.tsx';
import { Time } from '../../ui/text.tsx';

/** Words for a completed and for an attempted operation. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  'key.generate': ['Generated in the token', 'Generating it'],
  'key.import': ['Formed from components', 'Forming it'],
  'key.wrap': ['Wrapped for an export', 'Wrapping it for an export'],
  'key.destroy': ['Destroyed', 'Destroying it'],
  'key.use': ['Used in the token', 'Using it'],
  'key.state': ['Given another state', 'Giving it another state'],
  'byok.requested': ['An export was asked for', 'Asking for an export'],
  'byok.package_created': ['An export package was made', 'Making an export package'],
};
const sentence = ({ type, outcome, recovered }: LifeEvent): string => {
  const [done, doing] = WORDS[type] ?? [type, type];
  switch (outcome) {
    case 'success':
      return recovered ? `${done}: interrupted, and settled afterwards` : done;
    case 'failure':
      return recovered ? `${doing}: interrupted, and settled as not done` : `${doing} failed`;
    case 'intent':
      return `${doing}: under way, or interrupted`;
    case 'unknown':
      return `${doing}: what came of it is not known`;
    case 'not-found':
      return `${doing}: it was not found on the token`;
  }
};

export const Life = ({ id }: { id: string }) => {
  const [life, setLife] = useState<readonly LifeEvent[]>();
  const [error, setError] = useState<ErrorData>();
  const changes = useDesk((desk) => desk.changes.log);
  useEffect(() => {
    void call('keys.life', { key: id }).then((answer) => {
      if (answer.ok) setLife(answer.value);
      else setError(answer.error);
    });
  }, [id, changes]);
  if (life === undefined) return <ErrorBox error={error} />;
  return (
    <section style={{ marginTop: 28 }}>
      <Title order={3} mb="xs">
        Its life
      </Title>
      <ol className="life">
        {life.map((event) => (
          <li key={event.seq} data-outcome={event.outcome}>
            <span className="what">{sentence(event)}</span>
            <Time at={event.time} />
            <a href={`#/audit/${event.seq}`}>entry {event.seq}</a>
          </li>
        ))}
      </ol>
    </section>
  );
};
