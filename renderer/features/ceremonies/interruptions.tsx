/** Acts possible at any step: an exception, a pause, an abort. Each is a separate act by people of this ceremony. */
import { Modal, NativeSelect, Stack, Text, TextInput, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition, Seat } from '../../../shared/domain/ceremonies.ts';
import { Act, type ActPerson } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import type { Answer } from '../../bridge/bridge.ts';
import { Phrase } from '../../ui/phrase.tsx';
import { useNames, type Seated } from './data.ts';
import { seatName } from './words.ts';
import { isolated } from '../../ui/isolated.ts';
import { TWO_MANAGERS } from '../../app/two-people.ts';

export interface OfCeremony {
  view: CeremonyView;
  definition: Definition;
  seated: readonly Seated[];
  onDone: (view: CeremonyView) => void;
}

const missing = (message: string): Answer<never> => ({
  ok: false,
  error: { code: 'input-invalid', message: `${message} Nothing was done.` },
});

/** The people of this ceremony, who alone may do the act; those on the preferred seats are offered first. */
export const seatedPeople = (
  titles: readonly string[],
  seated: readonly Seated[],
  preferred: readonly Seat[] = ['administrator', 'witness'],
): ActPerson[] =>
  titles.map((title, at) => ({
    title,
    among: [...seated]
      .sort((a, b) => Number(b.seat === preferred[at]) - Number(a.seat === preferred[at]))
      .map(({ seat, person }) => ({ id: person, as: seatName(seat) })),
  }));
const TWO = ['First person', 'Second person'] as const;

export const ExceptionForm = ({ view, definition, seated, onDone }: OfCeremony) => {
  const nameOf = useNames();
  const [observed, setObserved] = useState('');
  const [decision, setDecision] = useState('');
  const [swap, setSwap] = useState('');
  const open = view.exceptions.find((exception) => exception.open);
  const due = view.steps.find(({ step }) => step.id === (open?.step ?? view.due));
  const substitutes = definition.substitutes.filter(
    ({ person }) => !seated.some((taken) => taken.person === person),
  );
  const substitute = substitutes.find(({ person }) => person === swap);
  return (
    <Stack gap="md">
      <Text>
        Write down what happened, and what two people of this ceremony decide. It is recorded, and
        stays; the ceremony goes on from there.
      </Text>
      {due === undefined ? null : (
        <Text size="sm" c="dimmed">
          Concerns step {due.step.id}. Expected: {open?.expected ?? due.step.expected}
        </Text>
      )}
      <Textarea
        label="What was observed"
        data-autofocus
        value={observed}
        maxLength={1024}
        autosize
        minRows={2}
        onChange={(event) => {
          setObserved(event.currentTarget.value);
        }}
      />
      {substitutes.length === 0 ? null : (
        <NativeSelect
          label="Seat a substitute"
          description="Only people whom the approved definition names."
          value={swap}
          data={[
            { value: '', label: 'No' },
            ...substitutes.map(({ seat, person }) => ({
              value: person,
              label: `${nameOf(person)} sits as ${seatName(seat)}`,
            })),
          ]}
          onChange={(event) => {
            setSwap(event.currentTarget.value);
          }}
        />
      )}
      {substitute === undefined ? (
        <Textarea
          label="What was decided"
          value={decision}
          maxLength={1024}
          autosize
          minRows={2}
          onChange={(event) => {
            setDecision(event.currentTarget.value);
          }}
        />
      ) : null}
      <Act
        channel="ceremonies.exception"
        people={seatedPeople(TWO, seated)}
        label="Record the exception"
        input={() => {
          if (observed.trim() === '') return missing('What was observed has not been written.');
          if (substitute === undefined && decision.trim() === '')
            return missing('What was decided has not been written.');
          return {
            ok: true,
            value: {
              ceremony: view.id,
              observed: observed.trim(),
              decision: substitute === undefined ? decision.trim() : 'a substitute takes the seat',
              ...(substitute === undefined ? {} : { substitute }),
            },
          };
        }}
        onDone={onDone}
      />
    </Stack>
  );
};

const PauseForm = ({ view, seated, onDone }: OfCeremony) => {
  const [why, setWhy] = useState('');
  if (view.status === 'PAUSED') return <Text>This ceremony is paused already.</Text>;
  return (
    <Stack gap="md">
      <Text>
        Nothing is lost by a pause. Components that were entered stay held while this computer runs;
        after a restart their custodians enter them again.
      </Text>
      <TextInput
        label="Why it is paused"
        data-autofocus
        value={why}
        maxLength={256}
        onChange={(event) => {
          setWhy(event.currentTarget.value);
        }}
      />
      <Act
        channel="ceremonies.pause"
        people={seatedPeople(['Paused by'], seated)}
        label="Pause the ceremony"
        input={() =>
          why.trim() === ''
            ? missing('Why it is paused has not been written.')
            : { ok: true, value: { ceremony: view.id, why: why.trim() } }
        }
        onDone={onDone}
      />
    </Stack>
  );
};

export const ResumeForm = ({ view, seated, onDone }: OfCeremony) => {
  return (
    <Stack gap="md">
      <Act
        channel="ceremonies.resume"
        people={seatedPeople(['Resumed by'], seated)}
        label="Resume the ceremony"
        input={() => ({ ok: true, value: { ceremony: view.id } })}
        onDone={onDone}
      />
    </Stack>
  );
};

const ABORT = 'ABORT THE CEREMONY';
export const AbortForm = ({ view, definition, seated, onDone }: OfCeremony) => {
  const withKey = view.key !== undefined;
  const released =
    withKey && view.steps.some(({ step, state }) => step.kind === 'key.verify' && state === 'done');
  // A released key is destroyed like any other: by its label, typed, and by the roles that may.
  const phrase = released ? definition.key.label : ABORT;
  const people = withKey ? seatedPeople(TWO, seated) : seatedPeople(['Aborted by'], seated);
  const [because, setBecause] = useState('');
  const [typed, setTyped] = useState('');
  const login = useLogin(definition.at);
  const { label } = definition.at.token;
  return (
    <Stack gap="md">
      <Text>
        An aborted ceremony can’t be taken up again.{' '}
        {withKey
          ? `Its key is in the token${released ? ' and was released: two administrators or officers' : ': two people'} and both PIN halves destroy it, and its absence is checked from a new process.`
          : 'No key of it is in the token. Components that were entered are gone, and the serial numbers of opened envelopes are void.'}{' '}
        What was recorded stays.
      </Text>
      <Textarea
        label="Why it is aborted"
        data-autofocus
        value={because}
        maxLength={1024}
        autosize
        minRows={2}
        onChange={(event) => {
          setBecause(event.currentTarget.value);
        }}
      />
      <Phrase phrase={phrase} typed={typed} onChange={setTyped} />
      <Act
        channel="ceremonies.abort"
        people={released ? TWO_MANAGERS : people}
        label={
          withKey ? `Abort, and destroy the key in token ${isolated(label)}` : 'Abort the ceremony'
        }
        danger
        input={async () => {
          if (because.trim() === '') return missing('Why it is aborted has not been written.');
          if (typed !== phrase) return missing(`What was typed is not “${phrase}”.`);
          const value = {
            ceremony: view.id,
            because: because.trim(),
            ...(released ? { typed } : {}),
          };
          if (!withKey) return { ok: true, value };
          const halves = await login.take('ceremonies.abort');
          return halves.ok ? { ok: true, value: { ...value, login: halves.value } } : halves;
        }}
        onDone={onDone}
      >
        {withKey ? <LoginFields of={`PIN of token ${isolated(label)}`} login={login} /> : null}
      </Act>
    </Stack>
  );
};

export type Interruption = 'exception' | 'pause' | 'abort';
const TITLES: Readonly<Record<Interruption, string>> = {
  exception: 'Record an exception',
  pause: 'Pause the ceremony',
  abort: 'Abort the ceremony',
};

export const Interruptions = ({
  which,
  onClose,
  ...of
}: OfCeremony & { which: Interruption | undefined; onClose: () => void }) => {
  const done = (view: CeremonyView) => {
    onClose();
    of.onDone(view);
  };
  return (
    <Modal
      opened={which !== undefined}
      onClose={onClose}
      title={which === undefined ? '' : TITLES[which]}
      size="lg"
      // The page behind does not scroll anyway, and the scroll lock would add a style that the page's policy refuses.
      lockScroll={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
      transitionProps={{ duration: 100 }}
    >
      {which === 'exception' ? <ExceptionForm {...of} onDone={done} /> : null}
      {which === 'pause' ? <PauseForm {...of} onDone={done} /> : null}
      {which === 'abort' ? <AbortForm {...of} onDone={done} /> : null}
    </Modal>
  );
};
