/** Modules and tokens: what is here, what it can, and what to do when something is wrong with it. */
import { Button, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refresh, refreshTokens, useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { askFile, call, pinHalves } from '../../bridge/bridge.ts';
import type { Output } from '../../../shared/contract/index.ts';
import { Empty, ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { Claims } from '../../ui/says.tsx';
import { Short, Time } from '../../ui/text.tsx';
import type { TokenRef } from '../../../shared/domain/tokens.ts';

export const tokensHelp = [
  'A module is a vendor’s library for PKCS#11; a token is what it talks to: an HSM partition, a smart card, or software for training. Each module is loaded in a process of its own, so a library that hangs or crashes takes nothing else down.',
  'A token’s PIN is set and entered in two halves by two people. Where this desk did not set it so, evidence says single control.',
  'Read the PIN’s state before a login: “count low” and “final try” mean that a wrong PIN may lock the token.',
  'A module whose file changed since it was approved is quarantined: nothing loads it until two people agree to the new file.',
] as const;

const PIN_WORDS: Readonly<Record<string, string>> = {
  ok: 'no failed tries',
  'count-low': 'a wrong PIN was entered before',
  'final-try': 'one try is left',
  locked: 'locked',
  'not-set': 'not set',
  unknown: 'the token doesn’t say',
};

const Train = () => {
  const [family, setFamily] = useState<'softhsm' | 'nss'>('softhsm');
  const [label, setLabel] = useState('');
  const pin = usePinFields();
  const so = usePinFields();
  return (
    <div>
      <PageHead title="Make a training token">
        Software on this computer, for rehearsals only. SoftHSM for ceremonies; NSS for exports with
        SHA-256, which SoftHSM can’t do.
      </PageHead>
      <Act
        channel="tokens.train"
        people={[{ title: 'Made by', roles: ['administrator', 'officer', 'operator'] }]}
        label={`Make training token ${label === '' ? '' : `“${label}”`}`}
        disabled={label === '' ? 'Give the token a name first.' : undefined}
        input={async () => {
          const userPin = await pinHalves(pin.take(), 'tokens.train');
          if (!userPin.ok) return userPin;
          if (family === 'nss')
            return { ok: true, value: { family, label, userPin: userPin.value } };
          const soPin = await pinHalves(so.take(), 'tokens.train');
          return soPin.ok
            ? { ok: true, value: { family, label, userPin: userPin.value, soPin: soPin.value } }
            : soPin;
        }}
        onDone={() => {
          void refreshTokens();
          go('tokens');
        }}
      >
        <NativeSelect
          label="Kind"
          value={family}
          data={[
            { value: 'softhsm', label: 'SoftHSM, for ceremonies' },
            { value: 'nss', label: 'NSS, for exports' },
          ]}
          onChange={(event) => {
            setFamily(event.currentTarget.value === 'nss' ? 'nss' : 'softhsm');
          }}
        />
        <TextInput
          label="Name"
          maxLength={32}
          value={label}
          onChange={(event) => {
            setLabel(event.currentTarget.value);
          }}
        />
        <PinFields of="User PIN" fields={pin} />
        {family === 'softhsm' ? <PinFields of="Security officer’s PIN" fields={so} /> : null}
      </Act>
    </div>
  );
};

const AddModule = () => {
  const [found, setFound] = useState<Output<'modules.find'>>([]);
  const [file, setFile] = useState<{ grant: string; name: string }>();
  const [label, setLabel] = useState('');
  const [parameters, setParameters] = useState('');
  useEffect(() => {
    void call('modules.find', {}).then((answer) => {
      if (answer.ok) setFound(answer.value);
    });
  }, []);
  return (
    <div>
      <PageHead title="Add a module">
        Choose the vendor’s library. It is loaded once, in a process of its own, before it is added;
        its hash is recorded and checked each time.
      </PageHead>
      {found.length === 0 ? null : (
        <section style={{ marginBottom: 24 }}>
          <Title order={4} size="h5">
            Found at well-known places
          </Title>
          <table className="list">
            <tbody>
              {found.map(({ path, label: name, added }) => (
                <tr key={path}>
                  <td>{name}</td>
                  <td className="mono">{path}</td>
                  <td>{added ? 'added' : ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Act
        channel="modules.add"
        people={[{ title: 'Added by', roles: ['administrator', 'officer', 'operator'] }]}
        label="Add the module"
        disabled={
          file === undefined
            ? 'Choose the library’s file first.'
            : label === ''
              ? 'Give the module a name.'
              : undefined
        }
        input={() => ({
          ok: true,
          value: { grant: file?.grant ?? '', label, ...(parameters === '' ? {} : { parameters }) },
        })}
        onDone={() => {
          void refreshTokens();
          go('tokens');
        }}
      >
        <div>
          <Button
            variant="default"
            onClick={() => {
              void askFile('module').then((chosen) => {
                setFile(chosen);
                if (chosen !== undefined && label === '') setLabel(chosen.name.slice(0, 40));
              });
            }}
          >
            Choose the library
          </Button>{' '}
          <Text component="span" ml="sm">
            {file?.name ?? 'nothing chosen'}
          </Text>
        </div>
        <TextInput
          label="Name"
          maxLength={64}
          value={label}
          onChange={(event) => {
            setLabel(event.currentTarget.value);
          }}
        />
        <TextInput
          label="Library parameters"
          description="Only if the vendor’s manual names some, as NSS does. Usually empty."
          value={parameters}
          onChange={(event) => {
            setParameters(event.currentTarget.value);
          }}
        />
      </Act>
    </div>
  );
};

const Recovery = ({ intent }: { intent: string }) => {
  const unfinished = useDesk((desk) =>
    desk.status?.unfinished.find((row) => row.intent === intent),
  );
  const [done, setDone] = useState<Output<'recovery.settle'>>();
  const [found, setFound] = useState<'adopt' | 'destroy'>('adopt');
  const pin = usePinFields();
  if (done !== undefined)
    return (
      <Empty
        title="Settled"
        action={
          <Button
            onClick={() => {
              go('overview');
            }}
          >
            Back to the overview
          </Button>
        }
      >
        {done.says}
      </Empty>
    );
  if (unfinished === undefined)
    return <Empty title="Nothing to settle here">That act is settled already.</Empty>;
  return (
    <div>
      <PageHead title="Settle an interrupted act">
        {unfinished.what}, since <Time at={unfinished.time} />. The desk looks at the token, waits
        if the device could still finish, looks again, and then does what two people choose here.
        Nothing is repeated.
      </PageHead>
      <Act
        channel="recovery.settle"
        people={[
          { title: 'First person', roles: ['administrator', 'officer'] },
          { title: 'Second person', roles: ['administrator', 'officer'] },
        ]}
        label="Look at the token and settle"
        input={async () => {
          const login = await pinHalves(pin.take(), 'recovery.settle');
          return login.ok ? { ok: true, value: { intent, found, login: login.value } } : login;
        }}
        onDone={(settled) => {
          setDone(settled);
          void refresh();
        }}
      >
        <NativeSelect
          label="If something was made"
          value={found}
          data={[
            { value: 'adopt', label: 'keep it, if it is exactly what was asked for' },
            { value: 'destroy', label: 'destroy it, and prove that it is gone' },
          ]}
          onChange={(event) => {
            setFound(event.currentTarget.value === 'destroy' ? 'destroy' : 'adopt');
          }}
        />
        <PinFields of={`PIN of token “${unfinished.token?.token.label ?? ''}”`} fields={pin} />
      </Act>
    </div>
  );
};

const TokenPage = ({ at }: { at: TokenRef }) => {
  const [can, setCan] = useState<Output<'tokens.can'>>();
  const [error, setError] = useState<Parameters<typeof ErrorBox>[0]['error']>();
  const keys = useDesk((desk) => desk.keys);
  const key = `${at.module}/${at.token.serial}/${at.token.label}`;
  useEffect(() => {
    void call('tokens.can', { at }).then((answer) => {
      if (answer.ok) setCan(answer.value);
      else setError(answer.error);
    });
  }, [key]);
  const mine = keys.filter(
    ({ at: place }) =>
      place.module === at.module &&
      place.token.serial === at.token.serial &&
      place.token.label === at.token.label,
  );
  return (
    <div className="columns">
      <div>
        <PageHead title={`Token “${at.token.label}”`} />
        <ErrorBox error={error} />
        <Title order={3} mb="xs">
          What it can make
        </Title>
        {can === undefined ? (
          <Text c="dimmed">Asking the token.</Text>
        ) : (
          <table className="list">
            <thead>
              <tr>
                <th>Algorithm</th>
                <th>Listed</th>
                <th>What that means</th>
              </tr>
            </thead>
            <tbody>
              {can.map(({ algorithm, can: able, why }) => (
                <tr key={algorithm}>
                  <td className="mono">{algorithm}</td>
                  <td>{able ? 'yes' : 'no'}</td>
                  <td>{why}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <aside>
        <Facts
          rows={[
            ['Maker', at.token.manufacturer],
            ['Model', at.token.model],
            ['Serial number', at.token.serial],
            [
              'Keys of this desk on it',
              String(mine.filter(({ state }) => state !== 'destroyed').length),
            ],
          ]}
        />
        <Button
          mt="md"
          onClick={() => {
            go('keys', 'generate');
          }}
        >
          Generate a key
        </Button>
      </aside>
    </div>
  );
};

export const Tokens = ({ route }: { route: readonly string[] }) => {
  const modules = useDesk((desk) => desk.modules);
  const changes = useDesk((desk) => desk.changes.tokens);
  useEffect(() => {
    void refreshTokens();
  }, [changes]);
  const [where, what] = route;
  if (where === 'train') return <Train />;
  if (where === 'add') return <AddModule />;
  if (where === 'recovery' && what !== undefined) return <Recovery intent={what} />;
  if (where === 'at' && what !== undefined) {
    const found = modules
      ?.flatMap(({ module, tokens }) =>
        tokens.map(({ identity }) => ({ module: module.id, token: identity })),
      )
      .find(({ module, token }) => `${module} ${token.serial} ${token.label}` === what);
    return found === undefined ? (
      <Empty title="That token is not here">Insert it, then look again.</Empty>
    ) : (
      <TokenPage at={found} />
    );
  }
  const actions = (
    <>
      <Button variant="default" onClick={() => void refreshTokens()}>
        Look again
      </Button>
      <Button
        variant="default"
        onClick={() => {
          go('tokens', 'add');
        }}
      >
        Add a module
      </Button>
      <Button
        onClick={() => {
          go('tokens', 'train');
        }}
      >
        Make a training token
      </Button>
    </>
  );
  return (
    <div>
      <PageHead title="Tokens" actions={actions}>
        Each module’s tokens, as the module shows them now.
      </PageHead>
      {modules === undefined ? (
        <Text c="dimmed" role="status">
          Asking each module, in a process of its own.
        </Text>
      ) : null}
      {modules?.length === 0 ? (
        <Empty title="No module yet">
          Add the vendor’s library of your HSM or card reader, or make a training token.
        </Empty>
      ) : null}
      <Stack gap="xl">
        {modules?.map(({ module, info, tokens, error }) => (
          <section key={module.id} aria-label={module.label}>
            <div
              style={{
                display: 'flex',
                justifyContent: 'space-between',
                gap: 16,
                alignItems: 'baseline',
              }}
            >
              <Title order={3}>{module.label}</Title>
              <Text size="sm" c="dimmed">
                {info === undefined ? module.state : `${info.description} ${info.version}`} ·{' '}
                <Short value={module.sha256} keep={6} label="hash of the library" />
              </Text>
            </div>
            <ErrorBox error={error}>
              {error?.code === 'module-quarantined' && error.fields?.['sha256'] !== undefined ? (
                <Act
                  channel="modules.approve"
                  people={[
                    { title: 'First person', roles: ['administrator', 'officer'] },
                    { title: 'Second person', roles: ['administrator', 'officer'] },
                  ]}
                  label="Approve the new file"
                  input={() => ({
                    ok: true,
                    value: { module: module.id, sha256: error.fields?.['sha256'] ?? '' },
                  })}
                  onDone={() => void refreshTokens()}
                />
              ) : null}
            </ErrorBox>
            {tokens.length === 0 ? null : (
              <table className="list">
                <thead>
                  <tr>
                    <th>Token</th>
                    <th>Model</th>
                    <th>Serial number</th>
                    <th>User PIN</th>
                    <th>Firmware</th>
                  </tr>
                </thead>
                <tbody>
                  {tokens
                    .filter(({ initialised }) => initialised || !module.training)
                    .map(({ identity, initialised, userPin, firmware }) => {
                      const id = encodeURIComponent(
                        `${module.id} ${identity.serial} ${identity.label}`,
                      );
                      return (
                        <tr key={`${identity.serial}${identity.label}`}>
                          <td>
                            {initialised ? (
                              <a href={`#/tokens/at/${id}`}>{identity.label}</a>
                            ) : (
                              <Text c="dimmed">not initialised</Text>
                            )}
                          </td>
                          <td>{identity.model}</td>
                          <td className="mono">{identity.serial}</td>
                          <td
                            className={
                              userPin === 'locked' || userPin === 'final-try' ? 'stop' : ''
                            }
                          >
                            {PIN_WORDS[userPin]}
                          </td>
                          <td>{firmware}</td>
                        </tr>
                      );
                    })}
                </tbody>
              </table>
            )}
            {module.training ? (
              <Claims
                claims={[{ says: 'desk', claim: 'Training only: software on this computer.' }]}
              />
            ) : null}
          </section>
        ))}
      </Stack>
    </div>
  );
};
