/** The objects on a token: the public ones, or all with both halves of its PIN. */
import { Checkbox, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { CKO } from '../../../shared/token/cryptoki.ts';
import { Act } from '../../app/act.tsx';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { List } from '../../ui/list.tsx';
import { Quiet } from '../../ui/quiet.tsx';
import { Short } from '../../ui/text.tsx';
import { isolated } from '../../ui/isolated.ts';

const KINDS = new Map<number, string>(
  Object.entries(CKO).map(([name, number]) => [number, name.toLowerCase().replaceAll('_', ' ')]),
);
const said = (flag: unknown): string =>
  flag === true ? 'yes' : flag === false ? 'no' : 'not said';

const Found = ({ publicView, objects }: Output<'tokens.objects'>) => {
  const keys = useDesk((desk) => desk.keys);
  return (
    <div style={{ marginTop: 16 }} role="status">
      <Text mb="xs">
        {publicView
          ? 'What the token shows to everyone. Private objects need its PIN.'
          : 'Everything on the token that this PIN may see.'}
        {objects.length === 0 ? ' There is nothing.' : ''}
      </Text>
      {objects.length === 0 ? null : (
        <List
          label="Objects on the token"
          heads={['Label', 'Kind', 'CKA_ID', 'Sensitive', 'Extractable', 'At this desk']}
          rows={objects.map(({ objectClass, ckaid, label, attributes }, at) => {
            const key = keys.find((known) => ckaid !== '' && known.ckaid === ckaid);
            return {
              key: `${at} ${ckaid}`,
              cells: [
                label === '' ? <Text c="dimmed">no label</Text> : label,
                KINDS.get(objectClass) ?? String(objectClass),
                ckaid === '' ? 'none' : <Short value={ckaid} keep={4} label="CKA_ID" />,
                said(attributes['CKA_SENSITIVE']),
                said(attributes['CKA_EXTRACTABLE']),
                key === undefined ? 'not known' : <a href={`#/keys/${key.id}`}>{key.label}</a>,
              ],
            };
          })}
        />
      )}
    </div>
  );
};

export const Objects = ({ at }: { at: TokenRef }) => {
  const nobody = useDesk((desk) => desk.status?.here.length === 0);
  const [all, setAll] = useState(false);
  const login = useLogin(at);
  const [found, setFound] = useState<Output<'tokens.objects'>>();
  return (
    <section style={{ marginTop: 32 }}>
      <Title order={2} size="h4" mb="xs">
        What is on it
      </Title>
      <Quiet>
        <Act
          channel="tokens.objects"
          people={all ? [{ title: 'Looked at by' }] : []}
          label="List what is on the token"
          disabled={
            nobody
              ? 'Somebody has to be in the room for it. Arrive first, under People.'
              : undefined
          }
          input={async () => {
            if (!all) return { ok: true, value: { at } };
            const halves = await login.take('tokens.objects');
            return halves.ok ? { ok: true, value: { at, login: halves.value } } : halves;
          }}
          onDone={setFound}
        >
          <Checkbox
            label="Log in, and list private objects too"
            checked={all}
            onChange={(event) => {
              setAll(event.currentTarget.checked);
            }}
          />
          {all ? (
            <LoginFields of={`PIN of token ${isolated(at.token.label)}`} login={login} />
          ) : null}
        </Act>
      </Quiet>
      {found === undefined ? null : <Found {...found} />}
    </section>
  );
};
