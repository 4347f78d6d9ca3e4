/** Settling an operation that was interrupted at a token: by two people, after the desk has examined the token. */
import { NativeSelect } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { refresh, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { capital } from '../../ui/capital.ts';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { Time } from '../../ui/text.tsx';
import { isolated } from '../../ui/isolated.ts';
import { TWO_MANAGERS } from '../../app/two-people.ts';

type Wish = 'adopt' | 'destroy';
interface Wishes extends Readonly<Record<Wish, string>> {
  label: string;
  offered: Wish;
}
const MAKING: Wishes = {
  label: 'If something was made',
  adopt: 'keep it, if it is exactly what was asked for',
  destroy: 'destroy it, and prove that it is gone',
  offered: 'adopt',
};
const DESTROYING: Wishes = {
  label: 'If the key is still there',
  adopt: 'keep it, as it was',
  destroy: 'destroy it, as was begun, and prove that it is gone',
  offered: 'destroy',
};

export const Recovery = ({ intent }: { intent: string }) => {
  const unfinished = useDesk((desk) =>
    desk.status?.unfinished.find((row) => row.intent === intent),
  );
  const [done, setDone] = useState<Output<'recovery.settle'>>();
  const [chosen, setChosen] = useState<Wish>();
  const login = useLogin(unfinished?.token);
  if (done !== undefined)
    return (
      <Empty
        title="Settled"
        action={
          done.outcome === 'adopted' && done.key !== undefined ? (
            <GoButton to={['keys', done.key]}>Show the key</GoButton>
          ) : (
            <GoButton to={['overview']}>Back to the Overview</GoButton>
          )
        }
      >
        {done.says}
      </Empty>
    );
  if (unfinished === undefined)
    return (
      <Empty
        title="Nothing to settle here"
        action={<GoButton to={['overview']}>Back to the Overview</GoButton>}
      >
        That act is settled already.
      </Empty>
    );
  const wishes = unfinished.type === 'key.destroy' ? DESTROYING : MAKING;
  const found = chosen ?? wishes.offered;
  return (
    <div>
      <PageHead title="Settle an interrupted act">
        {capital(unfinished.what)}, since <Time at={unfinished.time} />. The desk looks at the
        token, waits if the device could still finish, looks again, and then does what two people
        choose here. Nothing is repeated.
      </PageHead>
      <Act
        channel="recovery.settle"
        people={TWO_MANAGERS}
        label="Look at the token and settle"
        input={async () => {
          const halves = await login.take('recovery.settle');
          return halves.ok ? { ok: true, value: { intent, found, login: halves.value } } : halves;
        }}
        onDone={(settled) => {
          setDone(settled);
          void refresh();
        }}
      >
        <NativeSelect
          label={wishes.label}
          value={found}
          data={[
            { value: 'adopt', label: wishes.adopt },
            { value: 'destroy', label: wishes.destroy },
          ]}
          onChange={(event) => {
            setChosen(event.currentTarget.value === 'destroy' ? 'destroy' : 'adopt');
          }}
        />
        <LoginFields
          of={`PIN of token “${isolated(unfinished.token?.token.label ?? '')}”`}
          login={login}
        />
      </Act>
    </div>
  );
};
