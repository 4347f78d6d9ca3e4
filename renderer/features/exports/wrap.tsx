/** Wrap: the token wraps the key, and the package is written. */
import { Stack } from '@mantine/core';
import { useState } from 'react';
import type { KeyRecord } from '../../../shared/domain/keys.ts';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { usePinState, useTokensHere } from '../../app/tokens.ts';
import { pinHalves } from '../../bridge/bridge.ts';
import { Acting, Instruction } from '../../ui/guided.tsx';
import { LastTry } from '../../ui/last-try.tsx';
import { Granted, useGranted } from './granted.tsx';
import { refused, TWO, type JobProps } from './job-props.ts';

export const Wrap = ({ view, set, keyRecord }: JobProps & { keyRecord: KeyRecord | undefined }) => {
  const pin = usePinFields();
  const folder = useGranted('package', 'aws-package');
  const pinState = usePinState(keyRecord?.at);
  const [sure, setSure] = useState(false);
  useTokensHere();
  const token = keyRecord?.at.token.label ?? '';
  return (
    <>
      <Instruction of={view.state}>
        The token wraps the key under the wrapping key. Two people enter the halves of its PIN.
      </Instruction>
      <p className="expectation">
        <b>Expected</b> The token is tested once more, wraps the key by C_WrapKey, and a new folder
        with the package is written. The key itself never enters this computer’s memory.
      </p>
      <Acting title="Who acts now: two people">
        <Stack gap="md">
          <Granted
            of={folder}
            label="Choose where the package goes"
            chosen="New folder"
            none="No place is chosen."
          />
          <Act
            channel="exports.wrap"
            people={TWO}
            label={`Wrap “${keyRecord?.label ?? ''}” in token ${token}`}
            input={async () => {
              if (folder.file === undefined)
                return refused('No place for the package has been chosen.');
              if (!pin.first.current?.filled() || !pin.second.current?.filled())
                return refused('A half of the token’s PIN is missing.');
              const login = await pinHalves(pin.take(), 'exports.wrap');
              if (!login.ok) return login;
              const grant = folder.take();
              return grant === undefined
                ? refused('No place for the package has been chosen.')
                : {
                    ok: true,
                    value: {
                      export: view.id,
                      login: { ...login.value, lastTry: sure },
                      grant,
                    },
                  };
            }}
            onDone={set}
          >
            <PinFields of={`PIN of token ${token}`} fields={pin} />
            <LastTry pin={pinState} sure={sure} onChange={setSure} />
          </Act>
        </Stack>
      </Acting>
    </>
  );
};
