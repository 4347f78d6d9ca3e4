/** A production desk's log: its library, one of its tokens, and the log key made there. */
import { Loader, Radio, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Act } from '../../app/act.tsx';
import { AddModuleForm } from '../../app/add-module.tsx';
import { refresh, refreshTokens } from '../../app/desk-store.ts';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { tokenKey, useKeyTokens, useTokensHere } from '../../app/tokens.ts';
import { DeskName } from './desk-name.tsx';
import { isolated } from '../../ui/isolated.ts';

export const ChooseLogToken = () => {
  const tokens = useKeyTokens()?.filter(({ module }) => !module.training);
  const [chosen, setChosen] = useState('');
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState('');
  useTokensHere();
  const at = tokens?.find((token) => tokenKey(token.at) === chosen)?.at;
  const login = useLogin(at);
  if (tokens === undefined)
    return (
      <Text role="status">
        <Loader size="xs" mr={8} />
        Asking every library for its tokens
      </Text>
    );
  if (tokens.length === 0 || adding)
    return (
      <section style={{ maxWidth: '40em' }}>
        <Title order={2} size="h4">
          The library of the log’s token
        </Title>
        <Text mb="md">
          {tokens.length === 0 ? 'No token of an HSM or a card is here yet. ' : ''}Choose the
          library that its maker gives out. It is loaded once, in a process of its own, and its hash
          is recorded. A token appears below by itself once it is attached and set up.
        </Text>
        <AddModuleForm
          people={[]}
          onDone={() => {
            setAdding(false);
          }}
        />
      </section>
    );
  return (
    <Act
      channel="desk.found"
      people={[]}
      label={`Make the log key${at === undefined ? '' : ` in token “${isolated(at.token.label)}”`}`}
      disabled={
        at === undefined
          ? 'Choose the log’s token first.'
          : name === ''
            ? 'Give the desk a name.'
            : undefined
      }
      input={async () => {
        if (at === undefined)
          return {
            ok: false,
            error: { code: 'token-missing', message: 'That token is not here. Nothing was done.' },
          };
        const halves = await login.take('desk.found');
        return halves.ok
          ? { ok: true, value: { name, mode: 'production', at, login: halves.value } }
          : halves;
      }}
      onDone={() => void Promise.all([refreshTokens(), refresh()])}
    >
      <Text>
        The log has a token and a key of its own. The key seals the record of everything that
        happens here; the token’s PIN is entered in two halves, by two people, so that no one person
        can rewrite the past.
      </Text>
      <Radio.Group
        label="The log’s token"
        description={
          <>
            It holds nothing else.{' '}
            <a
              href="#/"
              onClick={(event) => {
                event.preventDefault();
                setAdding(true);
              }}
            >
              Add another library
            </a>
          </>
        }
        value={chosen}
        onChange={setChosen}
      >
        <Stack gap={10} mt={10}>
          {tokens.map(({ at: place, module, pin }) => (
            <Radio
              key={tokenKey(place)}
              value={tokenKey(place)}
              disabled={pin === 'locked'}
              label={place.token.label}
              description={
                pin === 'locked'
                  ? 'Its PIN is locked.'
                  : `${place.token.manufacturer}, ${place.token.model}, serial ${place.token.serial}, through ${isolated(module.label)}`
              }
            />
          ))}
        </Stack>
      </Radio.Group>
      <DeskName name={name} onChange={setName} />
      <LoginFields of="Log token’s PIN" login={login} />
    </Act>
  );
};
