/** A definition written elsewhere, with “keymoot ceremony draft” or by hand: shown in full before it is recorded. */
import { Button, Stack, Text, Textarea } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Definition } from '../../../shared/domain/ceremonies.ts';
import { Act } from '../../app/act.tsx';
import { go } from '../../app/router.ts';
import { PageHead } from '../../ui/messages.tsx';
import { DefinitionFacts, Script, Seats } from './script.tsx';
import { STAFF } from '../../../shared/domain/people.ts';

/** Larger than any definition, bytes. */
const LARGEST = 256 * 1024;

type Read = { definition: Definition } | { problem: string } | undefined;

const read = (text: string): Read => {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'This is not JSON, so it is no definition. Nothing was recorded.' };
  }
  const parsed = Definition.safeParse(value);
  if (parsed.success) return { definition: parsed.data };
  const [first] = parsed.error.issues;
  return {
    problem: `This is not a whole definition: ${first === undefined ? 'it has another form' : `${first.path.join('.') || 'the text'}: ${first.message}`}. Nothing was recorded.`,
  };
};

export const Bring = () => {
  const [text, setText] = useState('');
  const [shown, setShown] = useState('');
  const found = useMemo(() => read(shown), [shown]);
  return (
    <div className="wizard">
      <PageHead title="Bring a definition">
        Paste the whole text of its file, or drop the file on the field. It is shown as people will
        follow it, and only then recorded.
      </PageHead>
      <Stack gap="xl">
        <Textarea
          label="The definition’s text"
          description="JSON, as “keymoot ceremony draft” writes it."
          value={text}
          autosize
          minRows={6}
          maxRows={14}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          error={found !== undefined && 'problem' in found ? found.problem : undefined}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
          onDragOver={(event) => {
            event.preventDefault();
            event.stopPropagation();
            event.dataTransfer.dropEffect = 'copy';
          }}
          onDrop={(event) => {
            event.preventDefault();
            const [file] = event.dataTransfer.files;
            if (file === undefined || file.size > LARGEST) return;
            void file.text().then(
              (whole) => {
                setText(whole);
                setShown(whole);
              },
              () => {
                setShown(' ?'); // a folder, or a file that can't be read
              },
            );
          }}
        />
        <div>
          <Button
            variant={found !== undefined && 'definition' in found ? 'default' : 'filled'}
            disabled={text.trim() === ''}
            onClick={() => {
              setShown(text);
            }}
          >
            Show it
          </Button>
        </div>
        {found !== undefined && 'definition' in found ? (
          <>
            <div>
              <Text fw={600} size="lg">
                {found.definition.title}
              </Text>
              <Text>This is the whole text that people will approve and then follow.</Text>
            </div>
            <DefinitionFacts definition={found.definition} />
            <Seats definition={found.definition} />
            <Script definition={found.definition} />
            <Act
              channel="ceremonies.define"
              people={[{ title: 'Recorded by', roles: STAFF }]}
              label="Record this definition"
              input={() => ({ ok: true, value: { definition: found.definition } })}
              onDone={({ sha256 }) => {
                go('ceremonies', 'definition', sha256);
              }}
            />
          </>
        ) : null}
      </Stack>
    </div>
  );
};
