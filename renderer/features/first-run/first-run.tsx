/** Founding a desk, in the order of design 08, T6. Each step explains itself; the service decides the next step, so a reload shows the same one. */
import { Button, Stepper, Text } from '@mantine/core';
import { useState } from 'react';
import type { Mode } from '../../../shared/domain/basics.ts';
import { useDesk } from '../../app/desk-store.ts';
import { print } from '../../bridge/bridge.ts';
import { PageHead } from '../../ui/messages.tsx';
import { Fingerprint } from '../../ui/text.tsx';
import { FirstPolicy } from './first-policy.tsx';
import { Founder } from './founder.tsx';
import { MakeLogToken } from './log-token.tsx';
import { ChooseLogToken } from './real-token.tsx';
import { Welcome } from './welcome.tsx';

export const help = [
  'A desk is set up in four steps: the token whose key seals its log, two people with a signing key of their own each, and the policy that both approve.',
  'The window may be closed or reloaded between two steps. It goes on at the step that the service says is next.',
  'A rehearsal desk is for practice: its log says so, and it can’t be turned into a production desk.',
] as const;

export const Screen = () => {
  const { hello, people, status } = useDesk();
  const [mode, setMode] = useState<Mode>();
  if (hello === undefined) return null;
  const active = hello.state === 'EMPTY' ? 0 : Math.min(3, 1 + people.length);
  if (hello.state === 'EMPTY' && mode === undefined) return <Welcome onStart={setMode} />;
  return (
    <>
      <PageHead title={`Set up the ${hello.mode ?? mode ?? ''} desk`} />
      <Stepper active={active} mb="xl" size="sm" allowNextStepsSelect={false}>
        <Stepper.Step label="The log’s token" description="and its key" />
        <Stepper.Step label="First person" description="their signing key" />
        <Stepper.Step label="Second person" description="their signing key" />
        <Stepper.Step label="The policy" description="approved by both" />
      </Stepper>
      {active === 0 ? mode === 'production' ? <ChooseLogToken /> : <MakeLogToken /> : null}
      {active === 1 ? <Founder key="first" which="first" /> : null}
      {active === 2 ? <Founder key="second" which="second" /> : null}
      {active === 3 ? <FirstPolicy /> : null}
      {hello.state === 'FOUNDING' && status?.log.keySha256 !== undefined ? (
        <section style={{ marginTop: 40 }}>
          <Text size="sm" c="dimmed" mb="xs">
            The log key’s fingerprint, read from the device. Write it down or print it: it is what
            an auditor’s trust file pins.
          </Text>
          <Fingerprint hex={status.log.keySha256} />
          <Button variant="default" mt="md" onClick={() => void print()}>
            Print this page
          </Button>
        </section>
      ) : null}
    </>
  );
};
