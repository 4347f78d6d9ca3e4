/** The last steps of a ceremony: the papers are destroyed, and each person agrees or not. */
import { NativeSelect, Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Act } from '../../app/act.tsx';
import { Acting } from '../../ui/guided.tsx';
import { useNames } from './data.ts';
import { Phrase } from '../../ui/phrase.tsx';
import { given, invalid, StepAct, type StepProps } from './step-act.tsx';
import { numberWord } from '../../../shared/number-word.ts';
import { seatName } from './words.ts';

export const DestroyEnvelopes = (props: StepProps) => {
  const { view, definition, step } = props;
  const [serials, setSerials] = useState<Record<number, string>>({});
  const [typed, setTyped] = useState('');
  const indexes = view.components.map(({ index }) => index).sort((a, b) => a - b);
  return (
    <StepAct
      {...props}
      label={`Record that ${numberWord(definition.components.count)} envelopes are destroyed`}
      make={() => {
        const missing = indexes.find((index) => (serials[index] ?? '').trim() === '');
        if (missing !== undefined)
          return invalid(`The serial number of envelope ${missing} has not been typed.`);
        if (typed !== step.phrase)
          return invalid(`The phrase typed is not “${step.phrase ?? ''}”.`);
        return given({
          kind: 'envelopes.destroy',
          phrase: typed,
          serials: indexes.map((index) => (serials[index] ?? '').trim()),
        });
      }}
    >
      {indexes.map((index) => (
        <TextInput
          key={index}
          label={`Serial number of envelope ${index}, as read aloud`}
          value={serials[index] ?? ''}
          maxLength={64}
          maw="20em"
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: 'mono' }}
          onChange={(event) => {
            setSerials({ ...serials, [index]: event.currentTarget.value });
          }}
        />
      ))}
      {step.phrase === undefined ? null : (
        <Phrase phrase={step.phrase} typed={typed} onChange={setTyped} />
      )}
    </StepAct>
  );
};

export const Agree = ({ view, step, seated, onDone }: StepProps) => {
  const nameOf = useNames();
  const spoken = new Set([...view.agreed, ...view.disagreed]);
  const waiting = seated.filter(
    ({ seat, person }) => step.seats.includes(seat) && !spoken.has(person),
  );
  const [chosen, setChosen] = useState('');
  const [agree, setAgree] = useState('');
  const [because, setBecause] = useState('');
  const speaker = waiting.find(({ person }) => person === chosen) ?? waiting[0];
  if (speaker === undefined) return null;
  const name = nameOf(speaker.person);
  return (
    <Acting title={`Who speaks now: ${name}, ${seatName(speaker.seat)}`}>
      <Stack gap="lg">
        {waiting.length === 1 ? null : (
          <NativeSelect
            label="Person"
            description={`${view.agreed.length + view.disagreed.length} of ${step.seats.length} have spoken`}
            value={speaker.person}
            data={waiting.map(({ seat, person }) => ({
              value: person,
              label: `${nameOf(person)}, ${seatName(seat)}`,
            }))}
            onChange={(event) => {
              setChosen(event.currentTarget.value);
              setAgree('');
            }}
            maw="24em"
          />
        )}
        <Radio.Group label={`${name} says`} value={agree} onChange={setAgree}>
          <Stack gap={8} mt={8}>
            <Radio value="yes" size="md" label="I agree" />
            <Radio value="no" size="md" label="I do not agree, because …" />
          </Stack>
        </Radio.Group>
        {agree === 'no' ? (
          <Textarea
            label="Because, in their own words"
            description="Stays in the record as it is. The verdict is then DISPUTED, and nothing is deleted."
            value={because}
            maxLength={1024}
            minRows={3}
            autosize
            onChange={(event) => {
              setBecause(event.currentTarget.value);
            }}
          />
        ) : null}
        <Act
          key={speaker.person}
          channel="ceremonies.step"
          people={[{ title: seatName(speaker.seat), person: speaker.person }]}
          label={`Record what ${name} says`}
          input={() => {
            if (agree === '') return invalid(`Whether ${name} agrees has not been chosen.`);
            if (agree === 'no' && because.trim() === '')
              return invalid('A person who does not agree gives the reason.');
            return given({
              ceremony: view.id,
              step: step.id,
              input:
                agree === 'yes'
                  ? { kind: 'agree', agree: true }
                  : { kind: 'agree', agree: false, because: because.trim() },
            });
          }}
          onDone={(next) => {
            setAgree('');
            setBecause('');
            setChosen('');
            onDone(next);
          }}
        />
      </Stack>
    </Acting>
  );
};
