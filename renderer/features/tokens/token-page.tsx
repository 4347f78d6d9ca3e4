/** One token: what it can make, and which keys of this desk it holds. */
import { Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { Unsettled } from '../../app/unsettled.tsx';
import { call } from '../../bridge/bridge.ts';
import { List } from '../../ui/list.tsx';
import { Objects } from './objects.tsx';
import { ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { isolated } from '../../ui/isolated.ts';

export const TokenPage = ({ at }: { at: TokenRef }) => {
  const [can, setCan] = useState<Output<'tokens.can'>>();
  const [error, setError] = useState<ErrorData>();
  const keys = useDesk((desk) => desk.keys);
  const key = `${at.module}/${at.token.serial}/${at.token.label}`;
  useEffect(() => {
    void call('tokens.can', { at }).then((answer) => {
      if (answer.ok) setCan(answer.value);
      else setError(answer.error);
    });
  }, [key]);
  const mine = keys.filter(
    ({ at: place }) =>
      place.module === at.module &&
      place.token.serial === at.token.serial &&
      place.token.label === at.token.label,
  );
  return (
    <div className="columns">
      <div>
        <PageHead title={`Token “${isolated(at.token.label)}”`} />
        <Unsettled at={at} />
        <ErrorBox error={error} />
        <Title order={2} size="h3" mb="xs">
          What it can make
        </Title>
        {can === undefined ? (
          <Text c="dimmed">Asking the token.</Text>
        ) : (
          <>
            <List
              label="What it can make"
              heads={['Algorithm', 'Can it?']}
              rows={can.map(({ algorithm, can: able, why }) => ({
                key: algorithm,
                cells: [<span className="mono">{algorithm}</span>, able ? 'yes' : `no: ${why}`],
              }))}
            />
            <Text size="sm" c="dimmed" mt="xs">
              “Yes” is what the token lists of itself. It is proven when a key is made and read
              back.
            </Text>
          </>
        )}
        <Objects at={at} />
      </div>
      <aside>
        <Facts
          rows={[
            ['Maker', at.token.manufacturer],
            ['Model', at.token.model],
            ['Serial number', at.token.serial],
            [
              'Keys of this desk on it',
              String(mine.filter(({ state }) => state !== 'destroyed').length),
            ],
          ]}
        />
        <GoButton mt="md" to={['keys', 'generate']}>
          Generate a key
        </GoButton>
      </aside>
    </div>
  );
};
