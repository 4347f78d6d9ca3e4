/** One export in three acts: carry in, compare, wrap; then the instructions for the other side. */
import { Loader, Text } from '@mantine/core';
import type { ExportView } from '../../../shared/contract/exports.ts';
import type { KeySummary } from '../../../shared/domain/keys.ts';
import { useDesk } from '../../app/desk-store.ts';
import { Countdown } from '../../ui/countdown.tsx';
import { Guided, Side, StateMark } from '../../ui/guided.tsx';
import { Empty, ErrorBox } from '../../ui/messages.tsx';
import { Claims } from '../../ui/says.tsx';
import { Short, Time } from '../../ui/text.tsx';
import { CarryIn } from './carry-in.tsx';
import { CarryOut } from './carry-out.tsx';
import { Compare } from './compare.tsx';
import { HASH, STATES, useExport } from './data.ts';
import type { JobProps } from './job-props.ts';
import { Wrap } from './wrap.tsx';
import { isolated } from '../../ui/isolated.ts';

const ACTS = ['Carry in', 'Compare', 'Wrap', 'Carry out'] as const;
const AT: Readonly<Record<ExportView['state'], number>> = {
  REQUESTED: 0,
  EXPIRED: 0,
  'PARAMETERS LOADED': 1,
  CONFIRMED: 2,
  WRAPPED: 3,
};

const Way = ({ view }: { view: ExportView }) => (
  <ol className="steps">
    {ACTS.map((act, at) => {
      const now = AT[view.state];
      const state = at < now ? 'done' : at === now ? 'due' : 'waiting';
      return (
        <li key={act} data-state={state} aria-current={at === now ? 'step' : undefined}>
          <span aria-hidden="true">{state === 'done' ? '✓' : state === 'due' ? '▸' : '○'}</span>
          <span className="what">
            {at + 1}. {act}
            <small>{state === 'done' ? 'done' : state === 'due' ? 'due now' : ''}</small>
          </span>
        </li>
      );
    })}
  </ol>
);

const Centre = ({
  view,
  set,
  again,
  keyRecord,
}: JobProps & { again: () => void; keyRecord: KeySummary | undefined }) => {
  switch (view.state) {
    case 'REQUESTED':
    case 'EXPIRED':
      return <CarryIn view={view} set={set} />;
    case 'PARAMETERS LOADED':
      return <Compare view={view} set={set} again={again} />;
    case 'CONFIRMED':
      return <Wrap view={view} set={set} keyRecord={keyRecord} />;
    case 'WRAPPED':
      return <CarryOut view={view} />;
  }
};

export const Job = ({ id }: { id: string }) => {
  const { view, error, set, again } = useExport(id);
  const keys = useDesk((desk) => desk.keys);
  if (view === undefined)
    return error === undefined ? (
      <Loader size="sm" aria-label="Opening the export" />
    ) : error.code === 'not-found' ? (
      <Empty title="No such export" action={<a href="#/exports">All exports</a>}>
        This desk has no export with that id.
      </Empty>
    ) : (
      <ErrorBox error={error} />
    );
  const key = keys.find((record) => record.id === view.key);
  return (
    <Guided
      bar={
        <>
          <b>Export of {isolated(key?.label ?? 'a key')} to AWS KMS</b>
          <StateMark {...STATES[view.state]} word={view.state} />
          {key === undefined ? null : (
            <span>
              Token {isolated(key.at.token.label)}, serial{' '}
              <span className="mono">{key.at.token.serial}</span>
            </span>
          )}
        </>
      }
      way={<Way view={view} />}
      facts={
        <>
          <Side title="The parameters hold">
            {view.validTo === undefined ? (
              <Text size="sm">
                24 hours from when AWS gives them out. The time runs once they are loaded.
              </Text>
            ) : (
              <Countdown key={view.validTo} until={view.validTo} onEnd={again} />
            )}
          </Side>
          <Side title="Key">
            {key === undefined ? (
              view.key
            ) : (
              <a href={`#/keys/${key.id}`} className="mono">
                {key.label}
              </a>
            )}
            {key?.check === undefined ? null : (
              <small>
                {key.check.method} <span className="mono">{key.check.value.toUpperCase()}</span>
              </small>
            )}
          </Side>
          <Side title="Method">
            <span className="mono">{view.algorithm}</span>
            <small>RSA-OAEP with {HASH[view.algorithm]}, inside the token</small>
          </Side>
          {view.keyRef === undefined ? null : (
            <Side title="KMS key">
              <Short value={view.keyRef} keep={12} label="ARN of the KMS key" />
            </Side>
          )}
          {view.wrapping === undefined || view.state === 'PARAMETERS LOADED' ? null : (
            <Side title="Wrapping key, SHA-256">
              <Short value={view.wrapping.sha256} label="wrapping key’s fingerprint" />
            </Side>
          )}
          <Side title="Requested">
            <Time at={view.created} />
          </Side>
          {view.state === 'WRAPPED' ? null : (
            <Side title="What can be said so far">
              <Claims claims={view.claims} />
            </Side>
          )}
        </>
      }
    >
      <Centre view={view} set={set} again={again} keyRecord={key} />
    </Guided>
  );
};
