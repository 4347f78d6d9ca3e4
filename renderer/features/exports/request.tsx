/** Requesting an export: an extractable key, and a method that its token supports; the token proves that before the parameters are fetched. */
import { Anchor, Radio, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { AwsAlgorithm } from '../../../shared/contract/exports.ts';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { usePolicy } from '../../app/policy.ts';
import { RefusedByPolicy } from '../../app/refused-by-policy.tsx';
import { go } from '../../app/router.ts';
import { useTokensHere } from '../../app/tokens.ts';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { useFamily, whyNot } from './data.ts';
import { isolated } from '../../ui/isolated.ts';
import { whyNotByPolicy } from '../../ui/policy-choices.ts';
import { TWO_STAFF } from '../../app/two-people.ts';

export const RequestExport = () => {
  const keys = useDesk((desk) => desk.keys);
  const signer = useDesk((desk) => desk.status?.log.signer);
  const [chosen, setChosen] = useState('');
  const [algorithm, setAlgorithm] = useState<AwsAlgorithm>();
  const [all, setAll] = useState(false);
  const refused = whyNotByPolicy(usePolicy(), 'targets', { target: 'aws-kms' });
  useTokensHere();
  const able = keys.filter((key) => whyNot(key) === undefined);
  const others = keys.filter((key) => key.state !== 'destroyed' && whyNot(key) !== undefined);
  const [only] = able;
  useEffect(() => {
    if (chosen === '' && able.length === 1 && only !== undefined) setChosen(only.id);
  }, [chosen, able.length, only]);
  const key = able.find(({ id }) => id === chosen);
  const login = useLogin(key?.at);
  const softhsm = useFamily(key?.at) === 'softhsm';
  const method = algorithm ?? (softhsm ? 'RSAES_OAEP_SHA_1' : 'RSAES_OAEP_SHA_256');

  if (refused !== undefined)
    return (
      <>
        <PageHead title="Request an export" />
        <RefusedByPolicy title="No key may be exported to AWS KMS" why={refused} />
      </>
    );
  if (able.length === 0)
    return (
      <>
        <PageHead title="Request an export" />
        <Empty
          title="No key here may be exported"
          action={<a href="#/keys/generate">Generate a key for export</a>}
        >
          AWS KMS takes an AES-256 key that is active and was made extractable from the start: its
          token then lets it leave wrapped, and only wrapped.
          {others.map((other) => (
            <span key={other.id} style={{ display: 'block', marginTop: 10 }}>
              <span className="mono">{other.label}</span>: {whyNot(other)}
            </span>
          ))}
        </Empty>
      </>
    );

  return (
    <div className="wizard" style={{ maxWidth: '46em' }}>
      <PageHead title="Request an export">
        To AWS KMS. The token is asked first whether it can do it: it wraps a known value, which is
        opened again here. Only then are parameters fetched.
      </PageHead>
      <Stack gap="xl">
        <Radio.Group
          label="Key"
          value={key?.id ?? ''}
          onChange={(id) => {
            setChosen(id);
            setAlgorithm(undefined);
          }}
        >
          <Stack gap={10} mt={8}>
            {able.map(({ id, label, at, check }) => (
              <Radio
                key={id}
                value={id}
                label={<span className="mono">{label}</span>}
                description={`AES-256 in token ${isolated(at.token.label)}${check === undefined ? '' : `, ${check.method} ${check.value.toUpperCase()}`}`}
              />
            ))}
            {(all ? others : others.slice(0, 5)).map((other) => (
              <Radio
                key={other.id}
                value={other.id}
                disabled
                label={<span className="mono">{other.label}</span>}
                description={whyNot(other)}
              />
            ))}
          </Stack>
          {others.length > 5 && !all ? (
            <Anchor
              component="button"
              type="button"
              mt={8}
              onClick={() => {
                setAll(true);
              }}
            >
              Show {others.length - 5} more keys that can’t be exported, and why
            </Anchor>
          ) : null}
        </Radio.Group>
        <Radio.Group
          label="Wrapping algorithm"
          description="What AWS will be asked for, and what the token must do."
          value={method}
          onChange={(value) => {
            setAlgorithm(value === 'RSAES_OAEP_SHA_1' ? value : 'RSAES_OAEP_SHA_256');
          }}
        >
          <Stack gap={10} mt={8}>
            <Radio
              value="RSAES_OAEP_SHA_256"
              label="RSAES_OAEP_SHA_256"
              description={
                softhsm
                  ? 'SoftHSM, which holds this key, is not known to do it; its self-test would refuse, and say what does.'
                  : 'AWS recommends it.'
              }
            />
            <Radio
              value="RSAES_OAEP_SHA_1"
              label="RSAES_OAEP_SHA_1"
              description="For tokens that do OAEP with SHA-1 only. SHA-1 is not broken in this use."
            />
          </Stack>
        </Radio.Group>
        {key === undefined ? (
          <Text c="dimmed">Choose a key to go on.</Text>
        ) : (
          <Act
            key={key.id}
            channel="exports.request"
            people={TWO_STAFF}
            label={`Test token ${isolated(key.at.token.label)}, and request the export`}
            disabled={
              signer === 'NO SIGNER'
                ? 'The log can’t be sealed now. Open the desk on the Overview first.'
                : undefined
            }
            input={async () => {
              const halves = await login.take('exports.request');
              return halves.ok
                ? {
                    ok: true,
                    value: {
                      key: key.id,
                      target: 'aws-kms',
                      algorithm: method,
                      login: halves.value,
                    },
                  }
                : halves;
            }}
            onDone={({ id }) => {
              go('exports', id);
            }}
          >
            <LoginFields of={`PIN of token ${isolated(key.at.token.label)}`} login={login} />
          </Act>
        )}
      </Stack>
    </div>
  );
};
