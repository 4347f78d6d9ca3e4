/** Adding a vendor’s library: chosen in a dialog, loaded once in a process of its own, and recorded with its hash. */
import { Button, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { askFile } from '../bridge/bridge.ts';
import { Act, type ActPerson } from './act.tsx';
import { refreshTokens } from './desk-store.ts';
import { isolated } from '../ui/isolated.ts';

/** Parses one `NAME=VALUE` per line; undefined when a line has another form. */
const variablesIn = (text: string): Record<string, string> | undefined => {
  const pairs: [string, string][] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const [, name, value] = /^([A-Za-z][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    pairs.push([name, value]);
  }
  return Object.fromEntries(pairs);
};

/** @param people who adds it; empty while the desk is being founded, when no one has a key yet */
export const AddModuleForm = ({
  people,
  onDone,
}: {
  people: readonly ActPerson[];
  onDone: () => void;
}) => {
  const [file, setFile] = useState<{ grant: string; name: string }>();
  const [label, setLabel] = useState('');
  const [parameters, setParameters] = useState('');
  const [variables, setVariables] = useState('');
  const environment = variablesIn(variables);
  const choose = async () => {
    const chosen = await askFile('module');
    if (chosen === undefined) return;
    setFile(chosen);
    if (label === '') setLabel(chosen.name.slice(0, 40));
  };
  return (
    <Act
      channel="modules.add"
      people={people}
      label="Add the module"
      disabled={
        file === undefined
          ? 'Choose the library’s file first.'
          : label === ''
            ? 'Give the module a name.'
            : environment === undefined
              ? 'A variable is written as NAME=VALUE, one a line.'
              : undefined
      }
      input={() => {
        // A grant is valid for one try.
        setFile(undefined);
        return {
          ok: true,
          value: {
            grant: file?.grant ?? '',
            label,
            ...(parameters === '' ? {} : { parameters }),
            ...(environment === undefined || Object.keys(environment).length === 0
              ? {}
              : { environment }),
          },
        };
      }}
      onDone={() => {
        void refreshTokens();
        onDone();
      }}
    >
      <div style={{ display: 'flex', gap: 12, alignItems: 'center', flexWrap: 'wrap' }}>
        <Button variant="default" onClick={() => void choose()}>
          Choose the library
        </Button>
        <Text role="status">
          {file === undefined ? (
            'No file is chosen.'
          ) : (
            <>
              Chosen: <span className="mono path">{isolated(file.name)}</span>
            </>
          )}
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
        maxLength={1024}
        onChange={(event) => {
          setParameters(event.currentTarget.value);
        }}
      />
      <Textarea
        label="Variables that the library reads"
        description="One a line, such as SOFTHSM2_CONF=/etc/softhsm2.conf. It gets no other but those of its kind. Usually empty."
        value={variables}
        autosize
        maxRows={6}
        maxLength={4096}
        spellCheck={false}
        classNames={{ input: 'mono' }}
        onChange={(event) => {
          setVariables(event.currentTarget.value);
        }}
      />
    </Act>
  );
};
