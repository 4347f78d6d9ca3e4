/** Wrap: the token wraps the key, and the package is written. */
import { Stack } from '@mantine/core';
import type { KeySummary } from '../../../shared/domain/keys.ts';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { Acting, Instruction } from '../../ui/guided.tsx';
import { Granted, useGranted } from './granted.tsx';
import { refused, type JobProps } from './job-props.ts';
import { isolated } from '../../ui/isolated.ts';
import { TWO_STAFF } from '../../app/two-people.ts';

export const Wrap = ({
  view,
  set,
  keyRecord,
}: JobProps & { keyRecord: KeySummary | undefined }) => {
  const folder = useGranted('package', 'aws-package');
  const login = useLogin(keyRecord?.at);
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
            people={TWO_STAFF}
            label={`Wrap “${isolated(keyRecord?.label ?? '')}” in token ${isolated(token)}`}
            input={async () => {
              if (folder.file === undefined)
                return refused('No place for the package has been chosen.');
              const halves = await login.take('exports.wrap');
              if (!halves.ok) return halves;
              const grant = folder.take();
              return grant === undefined
                ? refused('No place for the package has been chosen.')
                : {
                    ok: true,
                    value: {
                      export: view.id,
                      login: halves.value,
                      grant,
                    },
                  };
            }}
            onDone={set}
          >
            <LoginFields of={`PIN of token ${isolated(token)}`} login={login} />
          </Act>
        </Stack>
      </Acting>
    </>
  );
};
