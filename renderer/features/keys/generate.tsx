/** The wizard that makes a key inside a token. */
import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ALGORITHMS, type Algorithm, type Purpose } from '../../../shared/domain/keys.ts';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { refreshKeys, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { usePolicy } from '../../app/policy.ts';
import { go } from '../../app/router.ts';
import { tokenKey, useKeyTokens, useTokensHere } from '../../app/tokens.ts';
import { Unsettled } from '../../app/unsettled.tsx';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { PURPOSE_WORDS, purposesOf } from './purposes.ts';
import { isolated } from '../../ui/isolated.ts';
import { policyOptions, whyNotByPolicy } from '../../ui/policy-choices.ts';
import { TWO_STAFF } from '../../app/two-people.ts';

export const Generate = () => {
  const places = useKeyTokens();
  useTokensHere();
  const [place, setPlace] = useState('');
  const [wish, setWish] = useState<Algorithm>('AES-256');
  const [purpose, setPurpose] = useState<Purpose>('encrypt');
  const [label, setLabel] = useState('');
  const [mayLeave, setMayLeave] = useState(false);
  const rehearsal = useDesk((desk) => desk.hello?.mode === 'rehearsal');
  const signer = useDesk((desk) => desk.status?.log.signer);
  const at = (places?.find((one) => tokenKey(one.at) === place) ?? places?.[0])?.at;
  const login = useLogin(at);
  const policy = usePolicy();
  const algorithms = ALGORITHMS.map((value) => ({
    value,
    label: value,
    refused: whyNotByPolicy(policy, 'algorithms', { algorithm: value }) !== undefined,
  }));
  const allowed = algorithms.filter(({ refused }) => !refused);
  const { value: algorithm } = allowed.find(({ value }) => value === wish) ??
    allowed[0] ?? { value: wish };
  const fits = purposesOf(algorithm);
  const chosen = fits.includes(purpose) ? purpose : (fits[0] ?? 'sign');
  const stays = whyNotByPolicy(policy, 'extractable', { purpose: chosen, extractable: true });
  const extractable = mayLeave && stays === undefined;
  if (places?.length === 0)
    return (
      <Empty
        title="No token to make a key in"
        action={
          rehearsal ? (
            <GoButton to={['tokens', 'train']}>Make a training token</GoButton>
          ) : (
            <GoButton to={['tokens', 'add']}>Add a module</GoButton>
          )
        }
      >
        Keys are made inside a token, and the log’s own token holds nothing else. Attach another and
        add its module{rehearsal ? ', or make a training token' : ''}.
      </Empty>
    );
  return (
    <div>
      <PageHead title="Generate a key">
        Made inside the token, read back, compared with what was asked for, and recorded. Two
        people, and both halves of the token’s PIN.
      </PageHead>
      {at === undefined ? null : <Unsettled at={at} />}
      <Act
        channel="keys.generate"
        people={TWO_STAFF}
        label={`Generate ${algorithm}${at === undefined ? '' : ` in token “${isolated(at.token.label)}”`}`}
        disabled={
          signer === 'NO SIGNER'
            ? 'The log can’t be sealed now. Open the desk on the overview first.'
            : at === undefined
              ? 'Looking for tokens. A library may take a moment.'
              : label.trim() === ''
                ? 'Give the key a label first.'
                : undefined
        }
        input={async () => {
          if (at === undefined)
            return { ok: false, error: { code: 'token-missing', message: 'No token is chosen.' } };
          const halves = await login.take('keys.generate');
          return halves.ok
            ? {
                ok: true,
                value: {
                  at,
                  algorithm,
                  purpose: chosen,
                  label: label.trim(),
                  extractable,
                  login: halves.value,
                },
              }
            : halves;
        }}
        onDone={({ key }) => {
          void refreshKeys();
          go('keys', key.id);
        }}
      >
        <NativeSelect
          label="Token"
          value={at === undefined ? '' : tokenKey(at)}
          data={(places ?? []).map(({ at: one, module }) => ({
            value: tokenKey(one),
            label: `${isolated(one.token.label)} (${one.token.model}${module.training ? ', training' : ''})`,
          }))}
          onChange={(event) => {
            setPlace(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label="Algorithm"
          {...policyOptions(policy, 'algorithms', algorithms)}
          value={algorithm}
          onChange={(event) => {
            setWish(event.currentTarget.value as Algorithm);
          }}
        />
        <NativeSelect
          label="What it is for"
          description="One purpose a key; nothing beyond it is switched on."
          value={chosen}
          data={fits.map((value) => ({ value, label: PURPOSE_WORDS[value] }))}
          onChange={(event) => {
            setPurpose(event.currentTarget.value as Purpose);
          }}
        />
        <TextInput
          label="Label"
          maxLength={64}
          value={label}
          onChange={(event) => {
            setLabel(event.currentTarget.value);
          }}
        />
        <Checkbox
          label="May leave the token wrapped, for an export (never readable in the clear)"
          description={stays}
          checked={extractable}
          disabled={stays !== undefined}
          onChange={(event) => {
            setMayLeave(event.currentTarget.checked);
          }}
        />
        <LoginFields of="Token’s PIN" login={login} />
      </Act>
    </div>
  );
};
