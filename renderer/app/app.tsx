/** The window's frame: mode band, rail, work, state bar; first run before there is a desk; what to show when the service is away. */
import { Button, Drawer, Loader, Modal, Text, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { faceInfo, shield } from '../bridge/bridge.ts';
import { FirstRun } from '../features/first-run/first-run.tsx';
import { ErrorBox } from '../ui/messages.tsx';
import { onSecretsShown } from '../ui/secrets-shown.ts';
import { followDesk, refresh, useDesk } from './desk-store.ts';
import { go, useRoute } from './router.ts';
import { SCREENS } from './screens.tsx';

const Band = () => {
  const mode = useDesk((desk) => desk.hello?.mode);
  if (mode === undefined) return <header className="band none">Keymoot</header>;
  return (
    <header className={`band ${mode}`} aria-label={`Mode: ${mode}`}>
      <b>{mode.toUpperCase()}</b>
    </header>
  );
};

const useClock = (): string => {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = window.setInterval(() => {
      setNow(new Date());
    }, 1000);
    return () => {
      window.clearInterval(timer);
    };
  }, []);
  return `${now.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

/** Always visible: clock, desk, log, who is here. */
const StateBar = () => {
  const status = useDesk((desk) => desk.status);
  const hello = useDesk((desk) => desk.hello);
  const people = useDesk((desk) => desk.people);
  const clock = useClock();
  const face = faceInfo();
  const log = status?.log;
  const here = people.filter(({ id }) => status?.here.includes(id));
  return (
    <footer className="statebar">
      <span className="mono">{clock}</span>
      <span>{hello?.origin?.split('/')[0] ?? 'no desk yet'}</span>
      {log === undefined || hello?.origin === undefined ? null : (
        <span>
          Log:{' '}
          <b className={log.signer === 'NO SIGNER' ? 'stop' : ''}>
            {log.signer === 'UNSEALED' ? `${log.unsealed} unsealed` : log.signer}
          </b>
          {log.signer === 'NO SIGNER' && log.unsealed > 0 ? `, ${log.unsealed} unsealed` : ''}
          {`, ${log.size} entries`}
        </span>
      )}
      {face.sandboxed ? null : (
        <span title="The window was started as the system’s administrator, so the browser’s own sandbox is off. For rehearsals only.">
          <b>No browser sandbox</b>: started as administrator, for rehearsals only
        </span>
      )}
      <span>Here: {here.length === 0 ? 'nobody' : here.map(({ name }) => name).join(', ')}</span>
    </footer>
  );
};

const Palette = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => {
  const [query, setQuery] = useState('');
  const keys = useDesk((desk) => desk.keys);
  const targets = [
    ...SCREENS.map(({ id, title }) => ({ title: `Go to ${title}`, to: [id] })),
    { title: 'Generate a key', to: ['keys', 'generate'] },
    { title: 'Open the desk (log token’s PIN)', to: ['overview'] },
    { title: 'Enrol a person', to: ['people', 'enrol'] },
    { title: 'Draft a ceremony', to: ['ceremonies', 'draft'] },
    { title: 'Bring a ceremony’s definition', to: ['ceremonies', 'bring'] },
    { title: 'Request an export', to: ['exports', 'new'] },
    { title: 'Export the audit log', to: ['audit', 'export'] },
    ...keys.map(({ id, label }) => ({ title: `Key ${label}`, to: ['keys', id] })),
  ].filter(({ title }) => title.toLowerCase().includes(query.toLowerCase()));
  const choose = (to: readonly string[] | undefined) => {
    if (to === undefined) return;
    go(...to);
    setQuery('');
    onClose();
  };
  return (
    <Modal
      lockScroll={false}
      opened={opened}
      onClose={onClose}
      withCloseButton={false}
      title="Commands"
      size="lg"
    >
      <TextInput
        data-autofocus
        aria-label="Search commands, screens and keys"
        placeholder="Search commands, screens and keys"
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') choose(targets[0]?.to);
        }}
      />
      <div role="list" style={{ marginTop: 8 }}>
        {targets.slice(0, 12).map(({ title, to }) => (
          <div role="listitem" key={title}>
            <Button
              variant="subtle"
              fullWidth
              justify="start"
              onClick={() => {
                choose(to);
              }}
            >
              {title}
            </Button>
          </div>
        ))}
        {targets.length === 0 ? <Text p="sm">Nothing fits.</Text> : null}
      </div>
    </Modal>
  );
};

/** The service is away: what happened, and what was not harmed. */
const Away = ({ why }: { why: string }) => (
  <div className="notice" role="alert" style={{ margin: 24, maxWidth: '46em' }}>
    <b>The custody service stopped and is being started again.</b>
    <p>{why}</p>
    <p>
      Everything it had acknowledged is safe. Passphrases, PIN halves and components that were typed
      but not used are gone. What was under way at a token is shown as unfinished, and nothing is
      repeated by itself.
    </p>
  </div>
);

export const App = () => {
  useEffect(followDesk, []);
  useEffect(() => onSecretsShown(shield), []);
  const link = useDesk((desk) => desk.link);
  const state = useDesk((desk) => desk.hello?.state);
  const notice = useDesk((desk) => desk.notice);
  const route = useRoute();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  useHotkeys([
    [
      'mod+K',
      () => {
        setPalette(true);
      },
    ],
    [
      'F1',
      () => {
        setHelp(true);
      },
    ],
  ]);
  const ready = state === 'READY';
  const screen = SCREENS.find(({ id }) => id === route[0]) ?? SCREENS[0];

  if (link.state === 'starting')
    return (
      <div style={{ padding: 48 }} role="status">
        <Loader size="sm" /> <Text component="span">Opening the desk</Text>
      </div>
    );
  if (link.state === 'refused')
    return (
      <div style={{ padding: 48, maxWidth: 760 }}>
        <h1>The desk can’t be opened</h1>
        <ErrorBox error={link.error} />
        <Button mt="md" onClick={() => void refresh()}>
          Try again
        </Button>
      </div>
    );
  return (
    <div className="frame">
      <a className="skip" href="#work">
        Skip to the work
      </a>
      <Band />
      <nav className="rail" aria-label="Screens">
        {ready ? (
          SCREENS.map(({ id, title }) => (
            <a key={id} href={`#/${id}`} aria-current={screen?.id === id ? 'page' : undefined}>
              {title}
            </a>
          ))
        ) : (
          <Text size="sm" c="dimmed" p="xs">
            The desk is being set up.
          </Text>
        )}
        <div className="rail-more">
          <Button
            variant="subtle"
            size="compact-sm"
            justify="start"
            onClick={() => {
              setPalette(true);
            }}
          >
            Commands, Ctrl K
          </Button>
          <Button
            variant="subtle"
            size="compact-sm"
            justify="start"
            onClick={() => {
              setHelp(true);
            }}
          >
            Help, F1
          </Button>
        </div>
      </nav>
      <main className="work" id="work" tabIndex={-1}>
        <ErrorBox error={notice} />
        {link.state === 'down' ? <Away why={link.why} /> : null}
        {ready ? screen?.show(route.slice(1)) : <FirstRun />}
      </main>
      <StateBar />
      <Palette
        opened={palette}
        onClose={() => {
          setPalette(false);
        }}
      />
      <Drawer
        lockScroll={false}
        opened={help}
        onClose={() => {
          setHelp(false);
        }}
        position="right"
        title={`Help: ${ready ? (screen?.title ?? '') : 'Setting up'}`}
      >
        {(ready ? screen?.help : SCREENS[0]?.help)?.map((paragraph) => (
          <p key={paragraph}>{paragraph}</p>
        ))}
        <Text size="sm" c="dimmed" mt="lg">
          Whose word a statement is: ▣ device, read back or attested; ✎ person, signed by their own
          key; ▭ desk, our word only.
        </Text>
      </Drawer>
    </div>
  );
};
