/** An overview: what is due, what is open, the health of the log. */
import { Text, Title } from '@mantine/core';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { refreshStatus, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { Unsettled } from '../../app/unsettled.tsx';
import { List, type ListRow } from '../../ui/list.tsx';
import { Facts, PageHead } from '../../ui/messages.tsx';
import { Short, Time } from '../../ui/text.tsx';
import { isolated } from '../../ui/isolated.ts';
import { STAFF } from '../../../shared/domain/people.ts';

export const help = [
  'This screen says what needs you: ceremonies under way, exports that wait or expire, acts that were interrupted, and the state of the log.',
  'Opening the desk brings the log’s signer up: both halves of the log token’s PIN are entered once, and are held only in the process that seals the log until the desk is locked.',
  'Without a signer you can look, search, plan and verify. Making keys, exporting, arming and closing wait until the log can be sealed.',
] as const;

const OpenDesk = () => {
  const login = useLogin(useDesk((desk) => desk.status?.log.at));
  return (
    <section className="notice" aria-label="Open the desk" style={{ marginBottom: 24 }}>
      <Title order={2} size="h3" mb="xs">
        The log is not being sealed
      </Title>
      <Text mb="md">
        Two people enter the halves of the log token’s PIN. One of them, an administrator or
        officer, proves who they are.
      </Text>
      <Act
        channel="desk.open"
        people={[{ title: 'Opened by', roles: STAFF }]}
        label="Open the desk"
        input={async () => {
          const halves = await login.take('desk.open');
          return halves.ok ? { ok: true, value: { login: halves.value } } : halves;
        }}
        onDone={() => void refreshStatus()}
      >
        <LoginFields of="Log token’s PIN" login={login} />
      </Act>
    </section>
  );
};

export const Screen = () => {
  const { status, hello, keys, ceremonies, exports, people } = useDesk();
  if (status === undefined || hello === undefined) return null;
  const { log } = status;
  const open: ListRow[] = [
    ...ceremonies
      .filter(({ status: state }) => !['CLOSED', 'ABORTED'].includes(state))
      .map(({ id, title, status: state }) => ({
        key: id,
        leads: true,
        cells: [<a href={`#/ceremonies/${id}`}>{title}</a>, state, ''],
      })),
    ...exports
      .filter(({ state }) => !['WRAPPED', 'EXPIRED'].includes(state))
      .map(({ id, key, state, validTo }) => ({
        key: id,
        leads: true,
        cells: [
          <a href={`#/exports/${id}`}>
            Export of {isolated(keys.find((known) => known.id === key)?.label ?? 'a key')} to AWS
            KMS
          </a>,
          state,
          validTo === undefined ? '' : <Time at={validTo} />,
        ],
      })),
  ];
  return (
    <div className="columns">
      <div>
        <PageHead title="Overview">What needs you, and whether the record of it is safe.</PageHead>
        {log.signer === 'NO SIGNER' ? <OpenDesk /> : null}
        <Unsettled />
        <Title order={2} size="h3" mb="xs">
          Open now
        </Title>
        {open.length === 0 ? (
          <Text c="dimmed">
            Nothing waits for anybody.{' '}
            {keys.length === 0 ? 'Generate a first key, or draft a ceremony.' : ''}
          </Text>
        ) : (
          <List label="Open now" heads={['What', 'State', 'Until']} rows={open} />
        )}
        <div style={{ display: 'flex', gap: 10, marginTop: 28, flexWrap: 'wrap' }}>
          <GoButton
            {...(log.signer === 'NO SIGNER' || status.unfinished.length > 0
              ? { variant: 'default' }
              : {})}
            to={['keys', 'generate']}
          >
            Generate a key
          </GoButton>
          <GoButton variant="default" to={['ceremonies', 'draft']}>
            Draft a ceremony
          </GoButton>
          <GoButton variant="default" to={['audit', 'export']}>
            Export the audit log
          </GoButton>
        </div>
      </div>
      <aside>
        <Facts
          rows={[
            ['Desk', hello.origin?.split('/')[0] ?? ''],
            [
              'Log',
              `${log.size} entries, ${log.signer === 'SEALING' ? 'all sealed' : `${log.unsealed} unsealed`}`,
            ],
            ['Oldest unsealed entry', log.since === undefined ? 'none' : <Time at={log.since} />],
            [
              'Log key',
              log.keySha256 === undefined ? (
                ''
              ) : (
                <Short value={log.keySha256} label="log key’s fingerprint" />
              ),
            ],
            ['Keys', String(keys.filter(({ state }) => state !== 'destroyed').length)],
            ['People', String(people.filter(({ left }) => !left).length)],
          ]}
        />
        {status.warnings.length === 0 ? null : (
          <div style={{ marginTop: 20 }}>
            <Title order={2} size="h5">
              About this machine
            </Title>
            {status.warnings.map((warning) => (
              <Text key={warning} size="sm" mt={6}>
                {warning}
              </Text>
            ))}
          </div>
        )}
      </aside>
    </div>
  );
};
