/** One export in three acts: carry in, compare, wrap; and then what to do on the other side. */
import { Button, Loader, Stack, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ExportView } from '../../../shared/contract/exports.ts';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refreshTokens, useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { askFile, pinHalves, print, type Answer } from '../../bridge/bridge.ts';
import { Commands } from '../../ui/commands.tsx';
import { Countdown } from '../../ui/countdown.tsx';
import { Acting, Guided, Instruction, ReadAloud, Side, StateMark } from '../../ui/guided.tsx';
import { LastTry } from '../../ui/last-try.tsx';
import { Empty, ErrorBox } from '../../ui/messages.tsx';
import { Claims } from '../../ui/says.tsx';
import { Fingerprint, hexGroups, Short, Time } from '../../ui/text.tsx';
import { HASH, STATES, useExport, usePinState } from './data.ts';

const ROLES = ['administrator', 'officer', 'operator'] as const;
const TWO = [
  { title: 'First person', roles: ROLES },
  { title: 'Second person', roles: ROLES },
];

const refused = (message: string): Answer<never> => ({
  ok: false,
  error: { code: 'input-invalid', message: `${message} Nothing was done.` },
});

interface JobProps {
  view: ExportView;
  set: (view: ExportView) => void;
}

/** A granted file is good for one try. */
const useGranted = (purpose: 'parameters' | 'package', suggested?: string) => {
  const [file, setFile] = useState<{ grant: string; name: string }>();
  return {
    file,
    choose: async () => {
      const chosen = await askFile(purpose, suggested);
      if (chosen !== undefined) setFile(chosen);
    },
    /** Gives the grant, which is spent then. */
    take: (): string | undefined => {
      setFile(undefined);
      return file?.grant;
    },
  };
};

/** Read on the other machine and written down by hand: the independent way by which the wrapping key is compared. */
const NOTE_DOWN = [
  '# The fingerprint of the wrapping key. Write it down by hand.',
  "jq -r .PublicKey params.json | base64 --decode | sha256sum | cut -c 1-64 | fold -w 4 | paste -sd ' ' -",
];

const CarryIn = ({ view, set }: JobProps) => {
  const expired = view.state === 'EXPIRED';
  const params = useGranted('parameters');
  const fetch =
    view.carryIn.length > 0
      ? view.carryIn
      : [
          '# On the connected machine, with rights to the KMS key.',
          `aws kms get-parameters-for-import --key-id "${view.keyRef ?? ''}" --wrapping-algorithm ${view.algorithm} --wrapping-key-spec RSA_4096 --output json > params.json`,
          '# Then bring params.json here. It holds for 24 hours.',
        ];
  return (
    <>
      <Instruction of={view.state}>
        {expired
          ? 'The parameters have expired. Fetch fresh ones on the connected machine, and bring params.json here.'
          : 'Run these commands on the connected machine, and bring params.json here.'}
      </Instruction>
      <p className="expectation">
        <b>Expected</b> A file with a wrapping key of AWS and an import token. It is no secret; what
        matters is that nobody exchanges it on the way.
      </p>
      <div style={{ marginTop: 22 }}>
        <Commands
          label="Commands for the connected machine"
          lines={[...fetch.slice(0, -1), ...NOTE_DOWN, ...fetch.slice(-1)]}
        />
      </div>
      <Acting title="When params.json is here">
        <Stack gap="md">
          <div style={{ display: 'flex', gap: 12, alignItems: 'center', flexWrap: 'wrap' }}>
            <Button variant="default" onClick={() => void params.choose()}>
              Choose params.json
            </Button>
            <Text role="status">
              {params.file === undefined ? (
                'No file is chosen.'
              ) : (
                <>
                  Chosen: <span className="mono">{params.file.name}</span>
                </>
              )}
            </Text>
          </div>
          <Act
            channel="exports.load"
            people={[{ title: 'Loaded by', roles: ROLES }]}
            label="Check the parameters and load them"
            input={() => {
              const grant = params.take();
              return grant === undefined
                ? refused('No file has been chosen.')
                : { ok: true, value: { export: view.id, grant } };
            }}
            onDone={set}
          />
        </Stack>
      </Acting>
    </>
  );
};

const placeOf = (position: number): string =>
  `group ${Math.ceil(position / 2)}, ${position % 2 === 1 ? 'first' : 'second'} word`;

/** A wrong read-back makes other words be asked for without a line in the log, so it is looked at again by the clock. */
const LOOK_MS = 1500;

const Compare = ({ view, set, again }: JobProps & { again: () => void }) => {
  useEffect(() => {
    const timer = window.setInterval(again, LOOK_MS);
    return () => {
      window.clearInterval(timer);
    };
  }, [again]);
  const positions = view.readBack?.positions ?? [];
  const asked = positions.join(' ');
  const [typed, setTyped] = useState<{ asked: string; words: Record<number, string> }>({
    asked,
    words: {},
  });
  const words = typed.asked === asked ? typed.words : {};
  return (
    <>
      <Instruction of={view.state}>
        Compare the wrapping key’s fingerprint with the one written down on the connected machine.
      </Instruction>
      <p className="expectation">
        The first person reads the paper aloud, four digits at a time. The second person follows on
        this screen, and types the words that stand under the groups asked for.
      </p>
      <p className="expectation">
        <b>Expected</b> All sixteen groups are the same. If one differs, the wrapping key was
        exchanged on the way: stop, and carry nothing out.
      </p>
      {view.wrapping === undefined ? null : (
        <ReadAloud title={`Wrapping key, RSA-${view.wrapping.bits}: SHA-256 of its public key`}>
          <Fingerprint hex={view.wrapping.sha256} words={view.wrapping.words} />
        </ReadAloud>
      )}
      <Acting title="Who acts now: two people">
        <Act
          channel="exports.confirm"
          people={[
            { title: 'First person, reads the paper', roles: ROLES },
            { title: 'Second person, types the words', roles: ROLES },
          ]}
          label="Confirm the wrapping key"
          input={() => {
            const missing = positions.find((position) => (words[position] ?? '').trim() === '');
            return missing === undefined
              ? {
                  ok: true,
                  value: {
                    export: view.id,
                    words: positions.map((position) => (words[position] ?? '').trim()),
                  },
                }
              : refused(`Word ${missing} has not been typed.`);
          }}
          onDone={set}
        >
          <div className="fields pairs">
            {positions.map((position) => (
              <TextInput
                key={`${asked}/${position}`}
                label={`Word ${position}`}
                description={placeOf(position)}
                value={words[position] ?? ''}
                maxLength={32}
                spellCheck={false}
                autoComplete="off"
                onChange={(event) => {
                  setTyped({ asked, words: { ...words, [position]: event.currentTarget.value } });
                }}
              />
            ))}
          </div>
        </Act>
      </Acting>
    </>
  );
};

const Wrap = ({ view, set, keyRecord }: JobProps & { keyRecord: KeyRecord | undefined }) => {
  const pin = usePinFields();
  const folder = useGranted('package', 'aws-package');
  const pinState = usePinState(keyRecord?.at);
  const [sure, setSure] = useState(false);
  useEffect(() => {
    void refreshTokens();
  }, []);
  const token = keyRecord?.at.token.label ?? '';
  return (
    <>
      <Instruction of={view.state}>
        The token wraps the key under the wrapping key. Two people enter the halves of its PIN.
      </Instruction>
      <p className="expectation">
        <b>Expected</b> The token is tested once more, wraps the key by C_WrapKey, and a new folder
        with the package is written. The key itself never enters this computer’s memory.
      </p>
      <Acting title="Who acts now: two people">
        <Stack gap="md">
          <div style={{ display: 'flex', gap: 12, alignItems: 'center', flexWrap: 'wrap' }}>
            <Button variant="default" onClick={() => void folder.choose()}>
              Choose where the package goes
            </Button>
            <Text role="status">
              {folder.file === undefined ? (
                'No place is chosen.'
              ) : (
                <>
                  New folder: <span className="mono">{folder.file.name}</span>
                </>
              )}
            </Text>
          </div>
          <Act
            channel="exports.wrap"
            people={TWO}
            label={`Wrap “${keyRecord?.label ?? ''}” in token ${token}`}
            input={async () => {
              if (folder.file === undefined)
                return refused('No place for the package has been chosen.');
              if (!pin.first.current?.filled() || !pin.second.current?.filled())
                return refused('A half of the token’s PIN is missing.');
              const login = await pinHalves(pin.take(), 'exports.wrap');
              if (!login.ok) return login;
              const grant = folder.take();
              return grant === undefined
                ? refused('No place for the package has been chosen.')
                : {
                    ok: true,
                    value: {
                      export: view.id,
                      login: { ...login.value, lastTry: sure },
                      grant,
                    },
                  };
            }}
            onDone={set}
          >
            <PinFields of={`PIN of token ${token}`} fields={pin} />
            <LastTry pin={pinState} sure={sure} onChange={setSure} />
          </Act>
        </Stack>
      </Acting>
    </>
  );
};

const FILES: Readonly<Record<string, string>> = {
  'EncryptedKeyMaterial.bin': 'the wrapped key',
  'ImportToken.bin': 'AWS’s import token',
  'manifest.json': 'what is in the package, with its hashes and this device’s facts',
  'import.sh': 'imports it on Linux and macOS',
  'import.ps1': 'imports it on Windows',
};

const CarryOut = ({ view }: { view: ExportView }) => (
  <>
    <Instruction of={view.state}>
      The package is made. Carry its folder to the connected machine, and run import.sh there.
    </Instruction>
    <p className="expectation">
      <b>Expected</b> The script checks every file, shows the command, and asks for the word IMPORT
      before it runs it. Then it asks AWS about the key.
    </p>
    <div style={{ marginTop: 22 }}>
      <Commands
        label="Commands for the connected machine"
        lines={[
          '# On the connected machine, in the folder of the package. Checks it, and sends nothing:',
          './import.sh --check',
          '# Imports it, after asking:',
          './import.sh',
        ]}
      />
    </div>
    {view.blobSha256 === undefined ? null : (
      <ReadAloud title="SHA-256 of EncryptedKeyMaterial.bin">
        <div className="mono" style={{ overflowWrap: 'anywhere' }}>
          {hexGroups(view.blobSha256).join(' ')}
        </div>
      </ReadAloud>
    )}
    <Title order={2} size="h4" mt="lg" mb="xs">
      In the folder
    </Title>
    <table className="list">
      <tbody>
        {view.files.map((name) => (
          <tr key={name}>
            <td className="mono">{name}</td>
            <td>{FILES[name] ?? ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <Title order={2} size="h4" mt="lg" mb="xs">
      What can be said, and by whom
    </Title>
    <Claims claims={view.claims} />
    <div className="no-print" style={{ display: 'flex', gap: 10, marginTop: 24, flexWrap: 'wrap' }}>
      <Button
        onClick={() => {
          go('audit', 'export');
        }}
      >
        Export the audit log
      </Button>
      <Button variant="default" onClick={() => void print()}>
        Print this page
      </Button>
    </div>
  </>
);

const ACTS = ['Carry in', 'Compare', 'Wrap', 'Carry out'] as const;
const AT: Readonly<Record<ExportView['state'], number>> = {
  REQUESTED: 0,
  EXPIRED: 0,
  'PARAMETERS LOADED': 1,
  CONFIRMED: 2,
  WRAPPED: 3,
  FAILED: -1,
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
}: JobProps & { again: () => void; keyRecord: KeyRecord | undefined }) => {
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
    case 'FAILED':
      return (
        <>
          <Instruction of={view.state}>This export failed. The key is as it was.</Instruction>
          <p className="expectation">
            The audit log says why. <a href="#/exports/new">Request a new one</a>.
          </p>
        </>
      );
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
          <b>Export of {key?.label ?? 'a key'} to AWS KMS</b>
          <StateMark {...STATES[view.state]} word={view.state} />
          {key === undefined ? null : (
            <span>
              Token {key.at.token.label}, serial <span className="mono">{key.at.token.serial}</span>
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
