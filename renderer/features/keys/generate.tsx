/** The wizard that makes a key inside a token. */
import { Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ALGORITHMS, type Algorithm, type Purpose } from '../../../shared/domain/keys.ts';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refreshKeys, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { go } from '../../app/router.ts';
import { useKeyTokens, useTokensHere } from '../../app/tokens.ts';
import { pinHalves } from '../../bridge/bridge.ts';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { PURPOSE_WORDS, purposesOf } from './purposes.ts';

export const Generate = () => {
  const places = useKeyTokens();
  useTokensHere();
  const [place, setPlace] = useState(0);
  const [algorithm, setAlgorithm] = useState<Algorithm>('AES-256');
  const [purpose, setPurpose] = useState<Purpose>('encrypt');
  const [label, setLabel] = useState('');
  const [extractable, setExtractable] = useState(false);
  const signer = useDesk((desk) => desk.status?.log.signer);
  const pin = usePinFields();
  const at = places?.[place]?.at;
  const fits = purposesOf(algorithm);
  const chosen = fits.includes(purpose) ? purpose : (fits[0] ?? 'sign');
  if (places?.length === 0)
    return (
      <Empty
        title="No token to make a key in"
        action={<GoButton to={['tokens', 'train']}>Make a training token</GoButton>}
      >
        Keys are made inside a token. Attach one and add its module, or make a training token.
      </Empty>
    );
  return (
    <div>
      <PageHead title="Generate a key">
        Made inside the token, read back, compared with what was asked for, and recorded. Two
        people, and both halves of the token’s PIN.
      </PageHead>
      <Act
        channel="keys.generate"
        people={[
          { title: 'First person', roles: ['administrator', 'officer', 'operator'] },
          { title: 'Second person', roles: ['administrator', 'officer', 'operator'] },
        ]}
        label={`Generate ${algorithm}${at === undefined ? '' : ` in token “${at.token.label}”`}`}
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
          const login = await pinHalves(pin.take(), 'keys.generate');
          return login.ok
            ? {
                ok: true,
                value: {
                  at,
                  algorithm,
                  purpose: chosen,
                  label: label.trim(),
                  extractable,
                  login: login.value,
                },
              }
            : login;
        }}
        onDone={({ key }) => {
          void refreshKeys();
          go('keys', key.id);
        }}
      >
        <NativeSelect
          label="Token"
          value={String(place)}
          data={(places ?? []).map(({ at: { token }, module }, index) => ({
            value: String(index),
            label: `${token.label} (${token.model}${module.training ? ', training' : ''})`,
          }))}
          onChange={(event) => {
            setPlace(Number(event.currentTarget.value));
          }}
        />
        <NativeSelect
          label="Algorithm"
          value={algorithm}
          data={[...ALGORITHMS]}
          onChange={(event) => {
            setAlgorithm(event.currentTarget.value as Algorithm);
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
          checked={extractable}
          onChange={(event) => {
            setExtractable(event.currentTarget.checked);
          }}
        />
        <PinFields of="Token’s PIN" fields={pin} />
      </Act>
    </div>
  );
};
