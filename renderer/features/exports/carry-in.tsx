/** Carry in: commands for the connected machine, and the file that comes back. */
import { Stack } from '@mantine/core';
import { Act } from '../../app/act.tsx';
import { Commands } from '../../ui/commands.tsx';
import { Acting, Instruction } from '../../ui/guided.tsx';
import { Granted, useGranted } from './granted.tsx';
import { STAFF } from '../../../shared/domain/people.ts';
import { refused, type JobProps } from './job-props.ts';

/** Run on the other machine and written down by hand: an independent channel for comparing the wrapping key. */
const NOTE_DOWN = [
  '# The fingerprint of the wrapping key. Write it down by hand.',
  "jq -r .PublicKey params.json | base64 --decode | sha256sum | cut -c 1-64 | fold -w 4 | paste -sd ' ' -",
];

export const CarryIn = ({ view, set }: JobProps) => {
  const expired = view.state === 'EXPIRED';
  const params = useGranted('parameters');
  const fetch =
    view.carryIn.length > 0
      ? view.carryIn
      : [
          '# On the connected machine, with rights to the KMS key.',
          `aws kms get-parameters-for-import --key-id "${view.keyRef ?? ''}" --wrapping-algorithm ${view.algorithm} --wrapping-key-spec RSA_4096 --output json > params.json`,
          '# Then bring params.json here. It holds for 24 hours.',
        ];
  return (
    <>
      <Instruction of={view.state}>
        {expired
          ? 'The parameters have expired. Fetch fresh ones on the connected machine, and bring params.json here.'
          : 'Run these commands on the connected machine, and bring params.json here.'}
      </Instruction>
      <p className="expectation">
        <b>Expected</b> A file with a wrapping key of AWS and an import token. It is no secret; what
        matters is that nobody exchanges it on the way.
      </p>
      <div style={{ marginTop: 22 }}>
        <Commands
          label="Commands for the connected machine"
          lines={[...fetch.slice(0, -1), ...NOTE_DOWN, ...fetch.slice(-1)]}
        />
      </div>
      <Acting title="When params.json is here">
        <Stack gap="md">
          <Granted
            of={params}
            label="Choose params.json"
            chosen="Chosen"
            none="No file is chosen."
          />
          <Act
            channel="exports.load"
            people={[{ title: 'Loaded by', roles: STAFF }]}
            label="Check the parameters and load them"
            input={() => {
              const grant = params.take();
              return grant === undefined
                ? refused('No file has been chosen.')
                : { ok: true, value: { export: view.id, grant } };
            }}
            onDone={set}
          />
        </Stack>
      </Acting>
    </>
  );
};
