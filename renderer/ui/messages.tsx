import type { ReactNode } from 'react';
import { Text, Title } from '@mantine/core';
import type { ErrorData } from '../../shared/errors.ts';
import { isolatedQuotes } from './isolated.ts';

/** Scrolls a message into view; below the fold it would be missed. */
const intoView = (element: HTMLElement | null): void => {
  element?.scrollIntoView({ block: 'nearest' });
};

/** What happened, what was not harmed, what to do; then the code, and the device's own name for the support call. */
export const ErrorBox = ({
  error,
  children,
}: {
  error: ErrorData | undefined;
  children?: ReactNode;
}) =>
  error === undefined ? null : (
    <div className="error" role="alert" ref={intoView}>
      <div>{isolatedQuotes(error.message)}</div>
      {error.code === 'input-invalid' && error.fields !== undefined ? (
        <ul>
          {Object.entries(error.fields).map(([field, problem]) => (
            <li key={field}>
              <span className="mono">{field}</span> {problem}
            </li>
          ))}
        </ul>
      ) : null}
      {error.code === 'recovery-needed' && error.fields?.['intent'] !== undefined ? (
        <p style={{ margin: '4px 0' }}>
          <a href={`#/tokens/recovery/${error.fields['intent']}`}>Settle it with the token</a>
        </p>
      ) : null}
      {children}
      <div className="code">
        {error.code}
        {error.fields?.['device'] === undefined ? '' : ` · ${error.fields['device']}`}
      </div>
    </div>
  );

/** An empty list that explains what it is for and what to do first. */
export const Empty = ({
  title,
  children,
  action,
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) => (
  <div style={{ maxWidth: '42em', padding: '24px 0' }}>
    <Title order={2} size="h3">
      {title}
    </Title>
    <Text c="dimmed" mt="xs">
      {children}
    </Text>
    {action === undefined ? null : <div style={{ marginTop: 20 }}>{action}</div>}
  </div>
);

export const PageHead = ({
  title,
  children,
  actions,
}: {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) => (
  <header
    style={{
      display: 'flex',
      justifyContent: 'space-between',
      alignItems: 'flex-start',
      flexWrap: 'wrap',
      gap: '12px 24px',
      marginBottom: 20,
    }}
  >
    <div>
      <Title order={1} size="h2">
        {title}
      </Title>
      {children === undefined ? null : (
        <Text c="dimmed" maw="46em">
          {children}
        </Text>
      )}
    </div>
    {actions === undefined ? null : (
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: 10 }}>{actions}</div>
    )}
  </header>
);

export const Facts = ({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) => (
  <dl className="facts">
    {rows.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
