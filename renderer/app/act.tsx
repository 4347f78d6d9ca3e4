/**
 * A form for one act: the people who do it, their passphrases, the button that names it, and the result.
 *
 * Two people in one window are two fields and two proofs (design 08). The input is built when the button is pressed, and nothing typed is kept afterwards.
 * Leaving before the call is sent cancels it; afterwards it runs on. Either way a notice tells the result.
 */
import { Button, NativeSelect, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { ChannelName, InputGiven, Output } from '../../shared/contract/index.ts';
import type { Role } from '../../shared/domain/people.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { call, type Answer, type Proving } from '../bridge/bridge.ts';
import { ErrorBox } from '../ui/messages.tsx';
import { SecretField, type SecretHandle } from '../ui/secret-field.tsx';
import { Waiting } from '../ui/waiting.tsx';
import { refresh, useDesk } from './desk-store.ts';
import { tellLeftAct } from './left-acts.tsx';
import { isolated } from '../ui/isolated.ts';

export interface ActPerson {
  /** This person's part: “First person”, “Witness”. */
  title: string;
  /** A fixed person, where the definition names one. */
  person?: string;
  /** Otherwise a choice: anyone of these roles, */
  roles?: readonly Role[];
  /** or these people, likeliest first, and how to call each one instead of by role. */
  among?: readonly { id: string; as?: string }[];
}

/** Returns whether the form is still mounted. */
const useIsHere = (): (() => boolean) => {
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return () => here.current;
};

export const Act = <C extends ChannelName>({
  channel,
  people,
  label,
  input,
  onDone,
  onRefused,
  children,
  danger = false,
  disabled,
}: {
  channel: C;
  people: readonly ActPerson[];
  /** The act's name; it may contain the names of the chosen people. */
  label: string | ((names: readonly string[]) => string);
  /** Builds the input for the chosen people when the button is pressed; seals its secrets. */
  input: (people: readonly string[]) => Promise<Answer<InputGiven<C>>> | Answer<InputGiven<C>>;
  onDone: (value: Output<C>) => void;
  /** The service refused the call; the message is shown already. */
  onRefused?: (error: ErrorData) => void;
  /** Fields of the act, above the people. */
  children?: ReactNode;
  danger?: boolean;
  /** Why the act can't be done now. */
  disabled?: string | undefined;
}) => {
  const known = useDesk((desk) => desk.people);
  const [busy, setBusy] = useState(false);
  /** The service's progress text: empty before the first report, undefined when no call is running. */
  const [doing, setDoing] = useState<string>();
  const [error, setError] = useState<ErrorData>();
  const [chosen, setChosen] = useState<Record<number, string>>({});
  const fields = useRef<(SecretHandle | null)[]>([]);
  const isHere = useIsHere();

  const candidates = ({ person, roles, among }: ActPerson) => {
    const here = known.filter(({ left }) => !left);
    if (person !== undefined) return here.filter(({ id }) => id === person);
    if (among === undefined) return here.filter(({ role }) => (roles ?? [role]).includes(role));
    return among.flatMap((one) => here.find(({ id }) => id === one.id) ?? []);
  };
  const personAt = (at: number): string | undefined => {
    const slot = people[at];
    if (slot === undefined) return undefined;
    if (slot.person !== undefined) return slot.person;
    const able = candidates(slot);
    const wish = able.find(({ id }) => id === chosen[at])?.id;
    if (wish !== undefined) return wish;
    const taken = new Set(people.slice(0, at).map((_, before) => personAt(before)));
    return able.find(({ id }) => !taken.has(id))?.id;
  };
  const nameAt = (at: number): string =>
    known.find(({ id }) => id === personAt(at))?.name ?? people[at]?.title ?? '';

  const named = typeof label === 'string' ? label : label(people.map((_, at) => nameAt(at)));

  const submit = async () => {
    if (busy || disabled !== undefined) return;
    const missing = people.findIndex(
      (_, at) => personAt(at) === undefined || !fields.current[at]?.filled(),
    );
    if (missing >= 0) {
      setError({
        code: 'act-required',
        message: `${people[missing]?.title ?? 'Somebody'} has not typed their passphrase. Nothing was done.`,
      });
      fields.current[missing]?.focus();
      return;
    }
    setBusy(true);
    setError(undefined);
    const actors = people.map((_, at) => personAt(at) ?? '');
    const place = window.location.hash;
    const made = await input(actors);
    // The form is unmounted, and the passphrases are dropped with it.
    if (!isHere()) {
      tellLeftAct({ act: named, became: 'cancelled' });
      return;
    }
    if (!made.ok) {
      setBusy(false);
      setError(made.error);
      return;
    }
    const proving: Proving[] = actors.map((person, at) => ({
      person,
      passphrase: fields.current[at]?.take() ?? new Uint8Array(),
    }));
    setDoing('');
    const answer = await call(channel, made.value, proving, ({ text }) => {
      setDoing(text);
    });
    setDoing(undefined);
    setBusy(false);
    if (!answer.ok) {
      setError(answer.error);
      if (!isHere()) tellLeftAct({ act: named, became: 'refused', error: answer.error });
      onRefused?.(answer.error);
    } else if (isHere() || window.location.hash === place) onDone(answer.value);
    else {
      // The page was left, so its callback is not called.
      tellLeftAct({ act: named, became: 'done' });
      void refresh();
    }
  };

  return (
    <form
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack gap="md" maw="34em">
        {children}
        {people.map((slot, at) => {
          const able = candidates(slot);
          return (
            <div key={`${slot.title}${slot.person ?? ''}`} className="abreast">
              {slot.person === undefined ? (
                <NativeSelect
                  label={slot.title}
                  value={personAt(at) ?? ''}
                  data={able.map(({ id, name, role }) => ({
                    value: id,
                    label: `${isolated(name)}, ${slot.among?.find((one) => one.id === id)?.as ?? role}`,
                  }))}
                  onChange={(event) => {
                    setChosen({ ...chosen, [at]: event.currentTarget.value });
                  }}
                />
              ) : (
                <div>
                  <Text size="sm" fw={500}>
                    {slot.title}
                  </Text>
                  <Text>
                    {able[0]?.name === slot.title ? able[0].role : (able[0]?.name ?? slot.person)}
                  </Text>
                </div>
              )}
              <SecretField
                label={`Passphrase of ${isolated(nameAt(at))}`}
                ref={(handle: SecretHandle | null) => {
                  fields.current[at] = handle;
                }}
              />
            </div>
          );
        })}
        <ErrorBox error={error} />
        {doing === undefined ? null : <Waiting text={doing || 'The desk is at work.'} />}
        <div>
          <Button
            type="submit"
            loading={busy}
            color={danger ? 'red.9' : undefined}
            disabled={disabled !== undefined}
            title={disabled}
          >
            {named}
          </Button>
          {disabled === undefined ? null : (
            <Text size="sm" c="dimmed" mt={4}>
              {disabled}
            </Text>
          )}
        </div>
      </Stack>
    </form>
  );
};
