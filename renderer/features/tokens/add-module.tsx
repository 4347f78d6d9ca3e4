/** Adding a vendor’s library. */
import { Button, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import { Act } from '../../app/act.tsx';
import { refreshTokens } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { askFile, call } from '../../bridge/bridge.ts';
import { PageHead } from '../../ui/messages.tsx';

export const AddModule = () => {
  const [found, setFound] = useState<Output<'modules.find'>>([]);
  const [file, setFile] = useState<{ grant: string; name: string }>();
  const [label, setLabel] = useState('');
  const [parameters, setParameters] = useState('');
  useEffect(() => {
    void call('modules.find', {}).then((answer) => {
      if (answer.ok) setFound(answer.value);
    });
  }, []);
  return (
    <div>
      <PageHead title="Add a module">
        Choose the vendor’s library. It is loaded once, in a process of its own, before it is added;
        its hash is recorded and checked each time.
      </PageHead>
      {found.length === 0 ? null : (
        <section style={{ marginBottom: 24 }}>
          <Title order={4} size="h5">
            Found at well-known places
          </Title>
          <table className="list">
            <tbody>
              {found.map(({ path, label: name, added }) => (
                <tr key={path}>
                  <td>{name}</td>
                  <td className="mono">{path}</td>
                  <td>{added ? 'added' : ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Act
        channel="modules.add"
        people={[{ title: 'Added by', roles: ['administrator', 'officer', 'operator'] }]}
        label="Add the module"
        disabled={
          file === undefined
            ? 'Choose the library’s file first.'
            : label === ''
              ? 'Give the module a name.'
              : undefined
        }
        input={() => ({
          ok: true,
          value: { grant: file?.grant ?? '', label, ...(parameters === '' ? {} : { parameters }) },
        })}
        onDone={() => {
          void refreshTokens();
          go('tokens');
        }}
      >
        <div>
          <Button
            variant="default"
            onClick={() => {
              void askFile('module').then((chosen) => {
                setFile(chosen);
                if (chosen !== undefined && label === '') setLabel(chosen.name.slice(0, 40));
              });
            }}
          >
            Choose the library
          </Button>{' '}
          <Text component="span" ml="sm">
            {file?.name ?? 'nothing chosen'}
          </Text>
        </div>
        <TextInput
          label="Name"
          maxLength={64}
          value={label}
          onChange={(event) => {
            setLabel(event.currentTarget.value);
          }}
        />
        <TextInput
          label="Library parameters"
          description="Only if the vendor’s manual names some, as NSS does. Usually empty."
          value={parameters}
          onChange={(event) => {
            setParameters(event.currentTarget.value);
          }}
        />
      </Act>
    </div>
  );
};
