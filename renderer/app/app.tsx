/** The window's frame: mode band, rail, work, state bar; first run before there is a desk; the screen while the service is away. */
import { Button, Loader, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { faceInfo, shield } from '../bridge/bridge.ts';
import { Waiting } from '../ui/waiting.tsx';
import { ErrorBox } from '../ui/messages.tsx';
import { onSecretsShown } from '../ui/secrets-shown.ts';
import { keepFocus, toWork, useFocusOnNavigation } from './focus.ts';
import { refresh, useDesk } from './desk-store.ts';
import { later, useLater } from './later.ts';
import { LeftActs } from './left-acts.tsx';
import { useRoute } from './router.ts';
import { FIRST_RUN, SCREENS } from './screens.tsx';
import { isolated } from '../ui/isolated.ts';

const Band = () => {
  const mode = useDesk((desk) => desk.hello?.mode);
  // Not a header element: dialogs have one, and there may be only one banner landmark.
  if (mode === undefined)
    return (
      <section className="band none" aria-label="Program">
        Keymoot
      </section>
    );
  return (
    <section className={`band ${mode}`} aria-label={`Mode: ${mode}`}>
      <b>{mode.toUpperCase()}</b>
    </section>
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

/** The head of a printed page: which desk, which program, when. */
const PaperHead = () => {
  const hello = useDesk((desk) => desk.hello);
  const clock = useClock();
  return (
    <p className="paper-head on-paper" aria-hidden="true">
      {hello?.origin === undefined ? '' : `Desk ${hello.origin}, `}printed {clock}, Keymoot{' '}
      {hello?.version}
    </p>
  );
};

/** Always visible: clock, desk, log, people present. */
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
      <span>
        Here: {here.length === 0 ? 'nobody' : here.map(({ name }) => isolated(name)).join(', ')}
      </span>
    </footer>
  );
};

/** The service is down: what happened, and what was not harmed. */
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

const Unreadable = () => (
  <ErrorBox
    error={{
      code: 'file-unreadable',
      message:
        'This screen can’t be shown: the window’s own files can’t be read any more. Nothing was done. Close Keymoot and start it again; if that doesn’t help, install it again.',
    }}
  />
);

/** Overlays that a key opens above any screen. */
const PALETTE = later(() => import('./palette.tsx'));
const HELP = later(() => import('./help.tsx'));
/** How long after the first screen the code of these and of the other screens is loaded, ms. */
const [ABOVE_MS, OTHERS_MS] = [200, 1000];

const readOthers = async (): Promise<void> => {
  for (const { part } of SCREENS) await part.read();
};
/** Loads the remaining code once the first screen is shown and the window is idle, before a person needs it. True once it is time to load the overlays. */
const useRestSoon = (shown: boolean, ready: boolean): boolean => {
  const [soon, setSoon] = useState(false);
  useEffect(() => {
    if (!shown) return undefined;
    const timers = [
      window.setTimeout(() => {
        setSoon(true);
      }, ABOVE_MS),
      window.setTimeout(() => {
        if (ready) readOthers().catch(() => undefined); // reported by the screen that needs the code
      }, OTHERS_MS),
    ];
    return () => {
      for (const timer of timers) window.clearTimeout(timer);
    };
  }, [shown, ready]);
  return soon;
};

export const App = () => {
  useEffect(keepFocus, []);
  useEffect(() => onSecretsShown(shield), []);
  const link = useDesk((desk) => desk.link);
  const state = useDesk((desk) => desk.hello?.state);
  const notice = useDesk((desk) => desk.notice);
  const opening = useDesk((desk) => desk.opening);
  const route = useRoute();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  useHotkeys(
    [
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
    ],
    [], // active in input fields too
  );
  const ready = state === 'READY';
  const screen = SCREENS.find(({ id }) => id === route[0]) ?? SCREENS[0];
  // The screen's code is loaded while the desk's state is requested, since most desks have been founded.
  const piece = useLater(state === undefined || ready ? screen.part : FIRST_RUN);
  const part = state === undefined ? undefined : piece.here;
  const soon = useRestSoon(part !== undefined, ready);
  const paletteCode = useLater(palette || soon ? PALETTE : undefined);
  const helpCode = useLater(help || soon ? HELP : undefined);
  const failed = piece.failed || (palette && paletteCode.failed) || (help && helpCode.failed);
  useFocusOnNavigation(route.join('/'), part !== undefined);

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
      <a
        className="skip"
        href="#work"
        onClick={(event) => {
          // The hash in the address selects the screen, so it must not change.
          event.preventDefault();
          toWork();
        }}
      >
        Skip to the work
      </a>
      <Band />
      <PaperHead />
      <nav className="rail" aria-label="Screens">
        {ready ? (
          SCREENS.map(({ id, title }) => (
            <a key={id} href={`#/${id}`} aria-current={screen.id === id ? 'page' : undefined}>
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
        <ErrorBox error={notice}>
          <p style={{ margin: '4px 0 0' }}>
            What was recorded is safe, and is sealed once the signer is back. Until then nothing is
            made, exported, armed or closed. <a href="#/overview">Open the desk</a> with both halves
            of the log token’s PIN.
          </p>
        </ErrorBox>
        {link.state === 'down' ? <Away why={link.why} /> : null}
        <LeftActs />
        {opening !== undefined ? (
          <Waiting text={opening} />
        ) : part === undefined ? null : (
          <part.Screen route={route.slice(1)} />
        )}
        {failed ? <Unreadable /> : null}
      </main>
      <StateBar />
      {paletteCode.here === undefined ? null : (
        <paletteCode.here.Palette
          opened={palette}
          onClose={() => {
            setPalette(false);
          }}
        />
      )}
      {helpCode.here === undefined ? null : (
        <helpCode.here.Help
          of={ready ? screen.title : 'Setting up'}
          paragraphs={part?.help ?? []}
          opened={help}
          onClose={() => {
            setHelp(false);
          }}
        />
      )}
    </div>
  );
};
