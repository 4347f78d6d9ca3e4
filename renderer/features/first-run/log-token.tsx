/** A rehearsal's log: makes a training token for it, and its key, in one act. */
import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ErrorData } from '../../../shared/errors.ts';
import { refresh, refreshTokens } from '../../app/desk-store.ts';
import { takeHalves, usePins } from '../../app/login.tsx';
import { call, pinHalves } from '../../bridge/bridge.ts';
import { ErrorBox } from '../../ui/messages.tsx';
import { PinFields, type PinHandles } from '../../ui/pin-fields.tsx';
import { DeskName } from './desk-name.tsx';

/** @returns the error, if any */
const found = async (name: string, handles: PinHandles): Promise<ErrorData | undefined> => {
  const typed = takeHalves(handles);
  if (!typed.ok) return typed.error;
  const [first, second] = typed.value;
  // A training token's security officer has the user's PIN: that PIN serves to re-initialise a token, and here a new token is made instead.
  const copies = [first.slice(), second.slice(), first.slice(), second.slice()] as const;
  try {
    const user = await pinHalves([first, second], 'tokens.train');
    if (!user.ok) return user.error;
    const so = await pinHalves([copies[0], copies[1]], 'tokens.train');
    if (!so.ok) return so.error;
    const token = await call('tokens.train', {
      family: 'softhsm',
      label: 'log',
      userPin: user.value,
      soPin: so.value,
    });
    if (!token.ok) return token.error;
    const login = await pinHalves([copies[2], copies[3]], 'desk.found');
    if (!login.ok) return login.error;
    const desk = await call('desk.found', {
      name,
      mode: 'rehearsal',
      at: token.value.at,
      login: login.value,
    });
    return desk.ok ? undefined : desk.error;
  } finally {
    for (const copy of copies) copy.fill(0);
  }
};

export const MakeLogToken = () => {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorData>();
  const [name, setName] = useState('desk.example');
  const { handles } = usePins();
  const make = async () => {
    setBusy(true);
    setError(undefined);
    const problem = await found(name, handles);
    setBusy(false);
    setError(problem);
    if (problem === undefined) await Promise.all([refreshTokens(), refresh()]);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void make();
      }}
    >
      <Stack maw="36em">
        <Text>
          The log has a token and a key of its own. The key seals the record of everything that
          happens here; its PIN is in two halves, so that no one person can rewrite the past.
        </Text>
        <DeskName name={name} onChange={setName} />
        <PinFields of="Log token’s PIN" handles={handles} />
        <ErrorBox error={error} />
        <div>
          <Button type="submit" loading={busy}>
            Make the log token and its key
          </Button>
        </div>
      </Stack>
    </form>
  );
};
