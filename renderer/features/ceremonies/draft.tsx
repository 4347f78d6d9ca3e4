/** Writing a definition: which key, which token, who sits where; then the whole text, and only then is it recorded. */
import { Button, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import { Act } from '../../app/act.tsx';
import { useDesk } from '../../app/desk-store.ts';
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
import { KeyPart, PeoplePart, TokenPart } from './draft-parts.tsx';
import { DefinitionFacts, Script, Seats } from './script.tsx';
import { rolesFor, seatName } from './words.ts';
import { STAFF } from '../../../shared/domain/people.ts';

const PARTS = ['The key', 'The token', 'The people', 'Read it and record it'] as const;
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
      else setProblem(answer.error.message);
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
          people={[{ title: 'Recorded by', roles: STAFF }]}
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
