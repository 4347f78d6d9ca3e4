/** Drafting a definition: which key, which token, who sits where; then the full text is shown, and only then recorded. */
import { Button, Loader, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { TemplateView } from '../../../shared/contract/ceremonies.ts';
import type { InputGiven } from '../../../shared/contract/index.ts';
import { Act } from '../../app/act.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { usePolicy } from '../../app/policy.ts';
import { RefusedByPolicy } from '../../app/refused-by-policy.tsx';
import { go } from '../../app/router.ts';
import { call } from '../../bridge/bridge.ts';
import { ErrorBox, PageHead } from '../../ui/messages.tsx';
import { whyNotByPolicy } from '../../ui/policy-choices.ts';
import { isCheckValue } from './check-digits.ts';
import { useAsked, useTemplates } from './data.ts';
import { draftInput, firstChoices, labelProblem, seatsOf, type Choices } from './draft-choices.ts';
import { KeyPart, PeoplePart, TokenPart } from './draft-parts.tsx';
import { DefinitionFacts, Script, Seats } from './script.tsx';
import { rolesFor, seatName } from './words.ts';
import { STAFF } from '../../../shared/domain/people.ts';
import type { Policy } from '../../../shared/domain/policy.ts';

const PARTS = ['The key', 'The token', 'The people', 'Read it and record it'] as const;
/** What is still missing in a part of the draft. */
const problemOf = (part: number, template: TemplateView, choices: Choices): string | undefined => {
  if (part === 0) {
    if (choices.algorithm === undefined)
      return 'The policy allows no algorithm that this ceremony can form a key of.';
    const label = labelProblem(choices.label);
    if (label !== undefined) return label;
    if (choices.expected.trim() !== '' && !isCheckValue(choices.expected))
      return `A check value by ${template.checkMethod} has ten hex digits, or six for short.`;
  }
  if (part === 1 && choices.at === undefined) return 'No token has been chosen.';
  if (part === 2) {
    const empty = seatsOf(template, choices).find((seat) => (choices.seats[seat] ?? '') === '');
    if (empty !== undefined) return `Nobody has been chosen as ${seatName(empty)}.`;
  }
  return undefined;
};

/** The full text that the desk drafts, or its error. */
const ReadAndRecord = ({ input }: { input: InputGiven<'ceremonies.draft'> }) => {
  const { value, error } = useAsked(`draft ${JSON.stringify(input)}`, () =>
    call('ceremonies.draft', input),
  );
  if (value === undefined)
    return error === undefined ? (
      <Text role="status">
        <Loader size="xs" mr={8} />
        The desk is writing the definition
      </Text>
    ) : (
      <ErrorBox error={error} />
    );
  const { definition } = value;
  return (
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
};

const DraftFrom = ({ template, policy }: { template: TemplateView; policy: Policy }) => {
  const people = useDesk((desk) => desk.people);
  const [choices, setChoices] = useState<Choices>(() => firstChoices(template, policy));
  const [part, setPart] = useState(0);
  const [problem, setProblem] = useState<string>();
  const head = useRef<HTMLHeadingElement>(null);
  const { components } = choices;
  // Preselects the first suitable person for each seat that has none yet; people change what they want.
  useEffect(() => {
    setChoices((before) => {
      const seats = { ...before.seats };
      const used = new Set(Object.values(seats));
      for (const seat of seatsOf(template, { ...before, components })) {
        if (seats[seat] !== undefined) continue;
        const [first] = people.filter(
          ({ id, role, left }) => !left && rolesFor(seat).includes(role) && !used.has(id),
        );
        if (first === undefined) continue;
        used.add(first.id);
        seats[seat] = first.id;
      }
      return { ...before, seats };
    });
  }, [people, template, components]);
  const set = (next: Partial<Choices>) => {
    setChoices({ ...choices, ...next });
    setProblem(undefined);
  };
  const turn = (to: number) => {
    const missing = to > part ? problemOf(part, template, choices) : undefined;
    setProblem(missing);
    if (missing !== undefined) return;
    setPart(to);
    head.current?.focus();
  };

  const { at } = choices;
  let body: ReactNode;
  if (part === 0)
    body = <KeyPart policy={policy} template={template} choices={choices} set={set} />;
  else if (part === 1) body = <TokenPart choices={choices} set={set} />;
  else if (part === 2) body = <PeoplePart template={template} choices={choices} set={set} />;
  else if (at !== undefined) body = <ReadAndRecord input={draftInput(template, choices, at)} />;

  return (
    <div className="wizard">
      <PageHead title="Draft a ceremony">{template.about}</PageHead>
      <Text size="sm" c="dimmed">
        Part {part + 1} of {PARTS.length}
      </Text>
      <Title order={2} size="h3" mb="lg" ref={head} tabIndex={-1} style={{ outline: 'none' }}>
        {PARTS[part]}
      </Title>
      {body}
      <div className="controls no-print">
        {/* Beside the pressed button, and so visible however long the part is. */}
        {problem === undefined ? null : (
          <Text className="stop" role="alert" w="100%">
            {problem}
          </Text>
        )}
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

export const Draft = () => {
  const { value: templates, error } = useTemplates();
  const policy = usePolicy();
  const [template] = templates ?? [];
  if (template === undefined || policy === undefined) return <ErrorBox error={error} />;
  const refused = whyNotByPolicy(policy, 'strict', { grade: template.grade });
  return refused === undefined ? (
    <DraftFrom key={template.name} template={template} policy={policy} />
  ) : (
    <>
      <PageHead title="Draft a ceremony">{template.about}</PageHead>
      <RefusedByPolicy title="No such ceremony may be held here" why={refused} />
    </>
  );
};
