/** Writing a definition: which key, which token, who sits where; then the whole text, and only then is it recorded. */
import { Button, Loader, NativeSelect, Radio, Stack, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import type { Seat } from '../../../shared/domain/ceremonies.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { Act } from '../../app/act.tsx';
import { refreshTokens, useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { call } from '../../bridge/bridge.ts';
import { PageHead } from '../../ui/messages.tsx';
import {
  draftDefinition,
  isCheckValue,
  labelProblem,
  NO_CHOICES,
  SEATS,
  type Choices,
} from './draft-definition.ts';
import { DefinitionFacts, Script, Seats } from './script.tsx';
import { rolesFor, seatName } from './words.ts';

const PARTS = ['The key', 'The token', 'The people', 'Read it and record it'] as const;
const tokenKey = ({ module, token }: TokenRef): string =>
  [module, token.serial, token.label].join(' ');

const PURPOSES = [
  ['wrap', 'Wrap other keys', 'A zone master key or key-encryption key.'],
  ['encrypt', 'Encrypt and decrypt data', ''],
  ['mac', 'Make and check message authentication codes', ''],
] as const;

const KeyPart = ({ choices, set }: { choices: Choices; set: (next: Partial<Choices>) => void }) => (
  <Stack gap="lg">
    <Radio.Group
      label="Algorithm"
      description="As in the sender’s letter. Every component is as long as the key."
      value={choices.algorithm}
      onChange={(algorithm) => {
        set({ algorithm: algorithm === 'AES-128' ? 'AES-128' : 'AES-256' });
      }}
    >
      <Stack gap={6} mt={8}>
        <Radio value="AES-256" label="AES-256: components of 64 hex digits" />
        <Radio value="AES-128" label="AES-128: components of 32 hex digits" />
      </Stack>
    </Radio.Group>
    <TextInput
      label="Key label"
      description="The name the key has in the token and on every paper."
      value={choices.label}
      maxLength={64}
      maw="24em"
      onChange={(event) => {
        set({ label: event.currentTarget.value });
      }}
    />
    <Radio.Group
      label="Purpose"
      description="One purpose a key. Nothing else is switched on in the token."
      value={choices.purpose}
      onChange={(purpose) => {
        set({ purpose: purpose });
      }}
    >
      <Stack gap={6} mt={8}>
        {PURPOSES.map(([value, label, description]) => (
          <Radio
            key={value}
            value={value}
            label={label}
            description={description === '' ? undefined : description}
          />
        ))}
      </Stack>
    </Radio.Group>
    <TextInput
      label="Expected check value, X9.24-CMAC"
      description="Only if the sender gave it on a way of its own: ten hex digits, or six for short. Left empty, the witness types it from the letter after the key is formed."
      value={choices.expected}
      maxLength={24}
      maw="24em"
      classNames={{ input: 'mono' }}
      spellCheck={false}
      onChange={(event) => {
        set({ expected: event.currentTarget.value });
      }}
    />
  </Stack>
);

const TokenPart = ({
  choices,
  set,
}: {
  choices: Choices;
  set: (next: Partial<Choices>) => void;
}) => {
  const modules = useDesk((desk) => desk.modules);
  const keys = useDesk((desk) => desk.keys);
  useEffect(() => {
    void refreshTokens();
  }, []);
  if (modules === undefined)
    return (
      <Text role="status">
        <Loader size="xs" mr={8} />
        Asking every library for its tokens
      </Text>
    );
  const tokens = modules.flatMap(({ module, tokens: found }) =>
    found
      .filter(({ initialised, loginRequired }) => initialised && loginRequired)
      .map(({ identity, userPin }) => ({
        at: { module: module.id, token: identity },
        library: module.label,
        training: module.training,
        locked: userPin === 'locked',
      })),
  );
  if (tokens.length === 0)
    return (
      <div className="notice">
        No initialised token is there. Connect one, or make a training token under{' '}
        <a href="#/tokens">Tokens</a>.
      </div>
    );
  return (
    <Radio.Group
      label="Token"
      description="The definition names this one by maker, model, serial number and label. No other will do in the room."
      value={choices.at === undefined ? '' : tokenKey(choices.at)}
      onChange={(value) => {
        set({ at: tokens.find(({ at }) => tokenKey(at) === value)?.at });
      }}
    >
      <Stack gap={12} mt={10}>
        {tokens.map(({ at, library, training, locked }) => {
          const taken = keys.some(
            (key) =>
              key.label === choices.label &&
              key.state !== 'destroyed' &&
              tokenKey(key.at) === tokenKey(at),
          );
          return (
            <Radio
              key={tokenKey(at)}
              value={tokenKey(at)}
              disabled={locked || taken}
              label={`${at.token.label}${training ? ' (training token)' : ''}`}
              description={
                locked
                  ? 'Its PIN is locked.'
                  : taken
                    ? `It holds a key labelled “${choices.label}” already.`
                    : `${at.token.manufacturer}, ${at.token.model}, serial ${at.token.serial}, through ${library}`
              }
            />
          );
        })}
      </Stack>
    </Radio.Group>
  );
};

const PeoplePart = ({
  choices,
  set,
}: {
  choices: Choices;
  set: (next: Partial<Choices>) => void;
}) => {
  const people = useDesk((desk) => desk.people);
  const taken = (seat: Seat, as: 'seats' | 'substitutes') =>
    new Set(
      SEATS.flatMap((other) => [
        ...(other === seat && as === 'seats' ? [] : [choices.seats[other]]),
        ...(other === seat && as === 'substitutes' ? [] : [choices.substitutes[other]]),
      ]),
    );
  const able = (seat: Seat, as: 'seats' | 'substitutes') => {
    const others = taken(seat, as);
    return people.filter(
      ({ id, role, left }) => !left && rolesFor(seat).includes(role) && !others.has(id),
    );
  };
  return (
    <Stack gap="lg">
      <Text c="dimmed">
        One person, one seat. A custodian knows one component and no other; a witness is none of the
        others. A substitute may take the seat only by an exception that is recorded.
      </Text>
      {SEATS.map((seat) => {
        const fits = able(seat, 'seats');
        const spare = able(seat, 'substitutes');
        return (
          <div key={seat} className="fields pairs">
            <NativeSelect
              label={seatName(seat)}
              value={choices.seats[seat] ?? ''}
              data={[
                { value: '', label: fits.length === 0 ? 'Nobody is left for it' : 'Choose' },
                ...fits.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              onChange={(event) => {
                set({ seats: { ...choices.seats, [seat]: event.currentTarget.value } });
              }}
            />
            <NativeSelect
              label={`Substitute for ${seatName(seat)}`}
              value={choices.substitutes[seat] ?? ''}
              data={[
                { value: '', label: 'none' },
                ...spare.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              onChange={(event) => {
                set({ substitutes: { ...choices.substitutes, [seat]: event.currentTarget.value } });
              }}
            />
          </div>
        );
      })}
      {SEATS.some((seat) => able(seat, 'seats').length === 0) ? (
        <div className="notice">
          Somebody is missing: this ceremony takes an administrator, three custodians and a witness
          or auditor. <a href="#/people/enrol">Enrol a person</a>; what was chosen here is lost
          then.
        </div>
      ) : null}
    </Stack>
  );
};

/** What is still missing in a part of the draft. */
const problemOf = (part: number, choices: Choices): string | undefined => {
  if (part === 0) {
    const label = labelProblem(choices.label);
    if (label !== undefined) return label;
    if (choices.expected.trim() !== '' && !isCheckValue(choices.expected))
      return 'A check value by X9.24-CMAC has ten hex digits, or six for short.';
  }
  if (part === 1 && choices.at === undefined) return 'No token has been chosen.';
  if (part === 2) {
    const empty = SEATS.find((seat) => (choices.seats[seat] ?? '') === '');
    if (empty !== undefined) return `Nobody has been chosen as ${seatName(empty)}.`;
  }
  return undefined;
};

export const Draft = () => {
  const hello = useDesk((desk) => desk.hello);
  const people = useDesk((desk) => desk.people);
  const [choices, setChoices] = useState<Choices>(NO_CHOICES);
  const [part, setPart] = useState(0);
  const [problem, setProblem] = useState<string>();
  const [policy, setPolicy] = useState<Output<'policy.get'>>();
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    void call('policy.get', {}).then((answer) => {
      if (answer.ok) setPolicy(answer.value);
    });
  }, []);
  // Seats that only fit one way are filled; people change what they want changed.
  useEffect(() => {
    setChoices((before) => {
      if (Object.keys(before.seats).length > 0) return before;
      const seats: Choices['seats'] = {};
      const used = new Set<string>();
      for (const seat of SEATS) {
        const [first] = people.filter(
          ({ id, role, left }) => !left && rolesFor(seat).includes(role) && !used.has(id),
        );
        if (first === undefined) continue;
        used.add(first.id);
        seats[seat] = first.id;
      }
      return { ...before, seats };
    });
  }, [people]);
  const set = (next: Partial<Choices>) => {
    setChoices({ ...choices, ...next });
    setProblem(undefined);
  };
  const turn = (to: number) => {
    const missing = to > part ? problemOf(part, choices) : undefined;
    setProblem(missing);
    if (missing !== undefined) return;
    setPart(to);
    head.current?.focus();
  };

  const { at } = choices;
  const mode = hello?.mode;
  const log = hello?.origin;
  let body: ReactNode;
  if (part === 0) body = <KeyPart choices={choices} set={set} />;
  else if (part === 1) body = <TokenPart choices={choices} set={set} />;
  else if (part === 2) body = <PeoplePart choices={choices} set={set} />;
  else if (at !== undefined && mode !== undefined && log !== undefined && policy !== undefined) {
    const definition = draftDefinition(
      { ...choices, at },
      { mode, log, policySha256: policy.sha256 },
    );
    body = (
      <Stack gap="xl">
        <Text>
          This is the whole text that people will approve and then follow, word for word. Once it is
          recorded, one changed letter makes it another definition.
        </Text>
        <DefinitionFacts definition={definition} />
        <Seats definition={definition} />
        <Script definition={definition} />
        <Act
          channel="ceremonies.define"
          people={[{ title: 'Recorded by', roles: ['administrator', 'officer', 'operator'] }]}
          label="Record this definition"
          input={() => ({ ok: true, value: { definition } })}
          onDone={({ sha256 }) => {
            go('ceremonies', 'definition', sha256);
          }}
        />
      </Stack>
    );
  }

  return (
    <div className="wizard">
      <PageHead title="Draft a ceremony">
        Form an AES key from three components that custodians bring in sealed envelopes.
      </PageHead>
      <Text size="sm" c="dimmed">
        Part {part + 1} of {PARTS.length}
      </Text>
      <Title order={2} size="h3" mb="lg" ref={head} tabIndex={-1} style={{ outline: 'none' }}>
        {PARTS[part]}
      </Title>
      {body}
      {problem === undefined ? null : (
        <Text className="stop" role="alert" mt="md">
          {problem}
        </Text>
      )}
      <div className="controls no-print">
        {part === 0 ? null : (
          <Button
            variant="default"
            onClick={() => {
              turn(part - 1);
            }}
          >
            Back to {PARTS[part - 1]?.toLowerCase()}
          </Button>
        )}
        {part === PARTS.length - 1 ? null : (
          <Button
            onClick={() => {
              turn(part + 1);
            }}
          >
            Continue: {PARTS[part + 1]?.toLowerCase()}
          </Button>
        )}
      </div>
    </div>
  );
};
