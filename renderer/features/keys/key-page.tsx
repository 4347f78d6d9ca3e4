/** One key: what is known of it, and the witness of each claim. */
import { Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { call } from '../../bridge/bridge.ts';
import { ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { Claims } from '../../ui/says.tsx';
import { Fingerprint, Short, Time } from '../../ui/text.tsx';
import { Attributes } from './attributes.tsx';
import { Destroy } from './destroy.tsx';
import { Life } from './life.tsx';
import { PURPOSE_WORDS } from './purposes.ts';
import { withoutCheck } from './check.ts';

export const KeyPage = ({ id }: { id: string }) => {
  const [view, setView] = useState<Output<'keys.show'>>();
  const [error, setError] = useState<ErrorData>();
  const changes = useDesk((desk) => desk.changes.log);
  useEffect(() => {
    void call('keys.show', { key: id }).then((answer) => {
      if (answer.ok) setView(answer.value);
      else setError(answer.error);
    });
  }, [id, changes]);
  if (view === undefined) return <ErrorBox error={error} />;
  const { key, claims } = view;
  return (
    <div className="columns">
      <div>
        <PageHead title={key.label}>
          {key.algorithm}, {PURPOSE_WORDS[key.purpose]}. State: {key.state}.
        </PageHead>
        <Title order={2} size="h3">
          What is known, and whose word it is
        </Title>
        <Claims claims={claims} />
        <Life id={id} />
        {key.spkiSha256 === undefined ? null : (
          <section style={{ marginTop: 28 }}>
            <Title order={2} size="h3" mb="sm">
              Fingerprint of the public key
            </Title>
            <Fingerprint hex={key.spkiSha256} />
          </section>
        )}
        <section style={{ marginTop: 28 }}>
          <Title order={2} size="h3">
            Attributes, as read back
          </Title>
          <Attributes attributes={key.attributes} />
        </section>
        {key.state === 'destroyed' ? null : <Destroy record={key} />}
      </div>
      <aside>
        <Facts
          rows={[
            ['Token', key.at.token.label],
            ['Serial number', <span className="mono">{key.at.token.serial}</span>],
            ['CKA_ID', <Short value={key.ckaid} keep={6} label="CKA_ID" />],
            ['Origin', key.origin],
            ['Control', key.control.replace('-', ' ')],
            [
              'Check value',
              key.check === undefined ? (
                withoutCheck(key)
              ) : (
                <span className="mono">{`${key.check.method} ${key.check.value}`}</span>
              ),
            ],
            ['May leave wrapped', key.extractable ? 'yes' : 'no'],
            ['Made', <Time at={key.created} />],
            ...(key.ceremony === undefined
              ? []
              : ([
                  ['Ceremony', <a href={`#/ceremonies/${key.ceremony}`}>formed in a ceremony</a>],
                ] as const)),
          ]}
        />
        {key.extractable && key.state === 'active' && key.algorithm === 'AES-256' ? (
          <GoButton mt="md" to={['exports', 'new', id]}>
            Export to AWS KMS
          </GoButton>
        ) : null}
      </aside>
    </div>
  );
};
