/** Making a training token. */
import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Act } from '../../app/act.tsx';
import { refreshTokens } from '../../app/desk-store.ts';
import { usePins } from '../../app/login.tsx';
import { go } from '../../app/router.ts';
import { PageHead } from '../../ui/messages.tsx';
import { PinFields } from '../../ui/pin-fields.tsx';
import { isolated } from '../../ui/isolated.ts';
import { TWO_MANAGERS } from '../../app/two-people.ts';

export const Train = () => {
  const [family, setFamily] = useState<'softhsm' | 'nss'>('softhsm');
  const [label, setLabel] = useState('');
  const pin = usePins();
  const so = usePins();
  return (
    <div>
      <PageHead title="Make a training token">
        Software on this computer, for rehearsals only. SoftHSM for ceremonies; NSS for exports with
        SHA-256, which SoftHSM can’t do.
      </PageHead>
      <Act
        channel="tokens.train"
        people={TWO_MANAGERS}
        label={`Make training token ${label === '' ? '' : `“${isolated(label)}”`}`}
        disabled={label === '' ? 'Give the token a name first.' : undefined}
        input={async () => {
          const userPin = await pin.take('tokens.train');
          if (!userPin.ok) return userPin;
          if (family === 'nss')
            return { ok: true, value: { family, label, userPin: userPin.value } };
          const soPin = await so.take('tokens.train');
          return soPin.ok
            ? { ok: true, value: { family, label, userPin: userPin.value, soPin: soPin.value } }
            : soPin;
        }}
        onDone={() => {
          void refreshTokens();
          go('tokens');
        }}
      >
        <NativeSelect
          label="Kind"
          value={family}
          data={[
            { value: 'softhsm', label: 'SoftHSM, for ceremonies' },
            { value: 'nss', label: 'NSS, for exports' },
          ]}
          onChange={(event) => {
            setFamily(event.currentTarget.value === 'nss' ? 'nss' : 'softhsm');
          }}
        />
        <TextInput
          label="Name"
          maxLength={32}
          value={label}
          onChange={(event) => {
            setLabel(event.currentTarget.value);
          }}
        />
        <PinFields of="User PIN" handles={pin.handles} />
        {family === 'softhsm' ? (
          <PinFields of="Security officer’s PIN" handles={so.handles} />
        ) : null}
      </Act>
    </div>
  );
};
