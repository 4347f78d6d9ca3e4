/** The log's state: the sealed size, the log key, and the checkpoint to keep outside. */
import { Button, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import { useDesk } from '../../app/desk-store.ts';
import { call, print, type Answer } from '../../bridge/bridge.ts';
import { CopyText } from '../../ui/copy-button.tsx';
import { ErrorBox, Facts } from '../../ui/messages.tsx';
import { Says } from '../../ui/says.tsx';
import { Fingerprint, Short, Time } from '../../ui/text.tsx';
import { SealNow } from './proof-view.tsx';
import { readNote } from './proof.ts';

const STATES = {
  SEALING: 'Entries are sealed as they come.',
  UNSEALED: 'Some entries wait for a seal.',
  'NO SIGNER':
    'No signer: entries are written and wait. Keys, exports and ceremonies wait with them.',
} as const;

export const LogPage = () => {
  const log = useDesk((desk) => desk.status?.log);
  const sealed = log?.sealed ?? 0;
  const [trust, setTrust] = useState<Answer<Output<'log.trust'>>>();
  useEffect(() => {
    let stale = false;
    void call('log.trust', {}).then((answer) => {
      if (!stale) setTrust(answer);
    });
    return () => {
      stale = true;
    };
  }, [sealed]);
  if (log === undefined) return null;
  const note = trust?.ok === true ? trust.value.anchors?.[0] : undefined;
  const head = note === undefined ? undefined : readNote(note);
  return (
    <div className="columns">
      <div style={{ minWidth: 0 }}>
        <Title order={2} size="h4">
          {log.signer}
        </Title>
        <Text maw="44em">
          {STATES[log.signer]} {log.why}
        </Text>
        <div style={{ marginTop: 16 }}>
          <SealNow />
        </div>

        <section className="audit-section">
          <Title order={2} size="h4">
            The last checkpoint
          </Title>
          <Text maw="44em">
            {head === undefined
              ? 'There is none yet: the first is made with the log key.'
              : `It covers the first ${head.size} entries. Copy it to a place outside this desk, or print it with the minutes: kept there, it is an anchor, and nothing before it can be changed or cut off unseen.`}
          </Text>
          {trust?.ok === false ? <ErrorBox error={trust.error} /> : null}
          {note === undefined ? null : (
            <>
              <pre className="audit-text" tabIndex={0} aria-label="Checkpoint">
                {note}
              </pre>
              <CopyText value={note} label="Copy the checkpoint" done="The checkpoint is copied" />
            </>
          )}
        </section>

        {log.keySha256 === undefined ? null : (
          <section className="audit-section">
            <Title order={2} size="h4" mb={4}>
              The log key’s fingerprint
            </Title>
            <Text maw="44em" mb="sm">
              SHA-256 of its public key. It is what an auditor pins: compare it with the printed
              page from the day the desk was founded.
            </Text>
            <Fingerprint hex={log.keySha256} />
            <Button variant="default" mt="md" onClick={() => void print()}>
              Print this page
            </Button>
          </section>
        )}
      </div>
      <aside>
        <Facts
          rows={[
            ['Log', <span className="mono">{log.origin ?? 'not founded'}</span>],
            ['Entries', String(log.size)],
            ['Sealed', `the first ${log.sealed}`],
            ['Unsealed', String(log.unsealed)],
            ['Unsealed since', log.since === undefined ? 'nothing waits' : <Time at={log.since} />],
            ['Root of all entries', <Short value={log.root} label="root" />],
            ['Seal says', <Says who="device" />],
          ]}
        />
      </aside>
    </div>
  );
};
