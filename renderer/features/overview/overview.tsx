/** What is due, what is open, the health of the log, in one look. */
import { Anchor, Button, Text, Title } from '@mantine/core';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refreshStatus, useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { pinHalves } from '../../bridge/bridge.ts';
import { Facts, PageHead } from '../../ui/messages.tsx';
import { Short, Time } from '../../ui/text.tsx';

export const overviewHelp = [
  'This screen says what needs you: ceremonies under way, exports that wait or expire, acts that were interrupted, and the state of the log.',
  'Opening the desk brings the log’s signer up: both halves of the log token’s PIN are entered once, and are held only in the process that seals the log until the desk is locked.',
  'Without a signer you can look, search, plan and verify. Making keys, exporting, arming and closing wait until the log can be sealed.',
] as const;

const OpenDesk = () => {
  const pin = usePinFields();
  return (
    <section className="notice" aria-label="Open the desk" style={{ marginBottom: 24 }}>
      <Title order={3} mb="xs">
        The log is not being sealed
      </Title>
      <Text mb="md">
        Two people enter the halves of the log token’s PIN. One of them, an administrator or
        officer, proves who they are.
      </Text>
      <Act
        channel="desk.open"
        people={[{ title: 'Opened by', roles: ['administrator', 'officer', 'operator'] }]}
        label="Open the desk"
        input={async () => {
          const login = await pinHalves(pin.take(), 'desk.open');
          return login.ok ? { ok: true, value: { login: login.value } } : login;
        }}
        onDone={() => void refreshStatus()}
      >
        <PinFields of="Log token’s PIN" fields={pin} />
      </Act>
    </section>
  );
};

export const Overview = () => {
  const { status, hello, keys, ceremonies, exports, people } = useDesk();
  if (status === undefined || hello === undefined) return null;
  const { log } = status;
  const openCeremonies = ceremonies.filter(
    ({ status: state }) => !['CLOSED', 'ABORTED'].includes(state),
  );
  const openExports = exports.filter(
    ({ state }) => !['WRAPPED', 'EXPIRED', 'FAILED'].includes(state),
  );
  const nothing =
    openCeremonies.length === 0 && openExports.length === 0 && status.unfinished.length === 0;
  return (
    <div className="columns">
      <div>
        <PageHead title="Overview">What needs you, and whether the record of it is safe.</PageHead>
        {log.signer === 'NO SIGNER' ? <OpenDesk /> : null}
        {status.unfinished.length === 0 ? null : (
          <section className="notice" style={{ marginBottom: 24 }}>
            <Title order={3}>Interrupted, and to be settled</Title>
            {status.unfinished.map(({ intent, what, time }) => (
              <p key={intent}>
                {what}, since <Time at={time} />.{' '}
                <Anchor
                  onClick={() => {
                    go('tokens', 'recovery', intent);
                  }}
                  component="button"
                >
                  Settle it
                </Anchor>
              </p>
            ))}
          </section>
        )}
        <Title order={3} mb="xs">
          Open now
        </Title>
        {nothing ? (
          <Text c="dimmed">
            Nothing waits for anybody.{' '}
            {keys.length === 0 ? 'Generate a first key, or draft a ceremony.' : ''}
          </Text>
        ) : (
          <table className="list">
            <tbody>
              {openCeremonies.map(({ id, title, status: state }) => (
                <tr
                  key={id}
                  data-link
                  onClick={() => {
                    go('ceremonies', id);
                  }}
                >
                  <td>
                    <a href={`#/ceremonies/${id}`}>{title}</a>
                  </td>
                  <td>{state}</td>
                </tr>
              ))}
              {openExports.map(({ id, algorithm, state, validTo }) => (
                <tr
                  key={id}
                  data-link
                  onClick={() => {
                    go('exports', id);
                  }}
                >
                  <td>
                    <a href={`#/exports/${id}`}>Export to AWS KMS, {algorithm}</a>
                  </td>
                  <td>
                    {state}
                    {validTo === undefined ? '' : `, until ${validTo.slice(11, 16)} UTC`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <div style={{ display: 'flex', gap: 10, marginTop: 28, flexWrap: 'wrap' }}>
          <Button
            onClick={() => {
              go('keys', 'generate');
            }}
          >
            Generate a key
          </Button>
          <Button
            variant="default"
            onClick={() => {
              go('ceremonies', 'draft');
            }}
          >
            Draft a ceremony
          </Button>
          <Button
            variant="default"
            onClick={() => {
              go('audit', 'export');
            }}
          >
            Export the audit log
          </Button>
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
            <Title order={4} size="h5">
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
