/** Adding a vendor’s library, and the usual places of such libraries. */
import { Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { AddModuleForm } from '../../app/add-module.tsx';
import { go } from '../../app/router.ts';
import { call } from '../../bridge/bridge.ts';
import { List } from '../../ui/list.tsx';
import { ErrorBox, PageHead } from '../../ui/messages.tsx';
import { TWO_MANAGERS } from '../../app/two-people.ts';

export const AddModule = () => {
  const [found, setFound] = useState<Output<'modules.find'>>([]);
  const [error, setError] = useState<ErrorData>();
  useEffect(() => {
    void call('modules.find', {}).then((answer) => {
      if (answer.ok) setFound(answer.value);
      else setError(answer.error);
    });
  }, []);
  return (
    <>
      <PageHead title="Add a module">
        Choose the vendor’s library. It is loaded once, in a process of its own, before it is added;
        its hash is recorded and checked each time.
      </PageHead>
      <ErrorBox error={error} />
      {found.length === 0 ? null : (
        <section style={{ marginBottom: 28 }}>
          <Title order={2} size="h5" mb={4}>
            Found at well-known places
          </Title>
          <List
            label="Found at well-known places"
            heads={['Library', 'File', 'State']}
            rows={found.map(({ path, label, added }) => ({
              key: path,
              cells: [
                label,
                <span className="mono path">{path}</span>,
                added ? 'added' : 'not added',
              ],
            }))}
          />
        </section>
      )}
      <AddModuleForm
        people={TWO_MANAGERS}
        onDone={() => {
          go('tokens');
        }}
      />
    </>
  );
};
