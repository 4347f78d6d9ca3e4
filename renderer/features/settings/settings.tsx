/** The policy in sentences, the window's appearance, about this program, and locking the desk. */
import { SegmentedControl, Text, Title, useMantineColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import { Act } from '../../app/act.tsx';
import { refreshPeople, refreshStatus, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { usePolicyAnswer } from '../../app/policy.ts';
import { useRoute } from '../../app/router.ts';
import { faceInfo } from '../../bridge/bridge.ts';
import { ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { Quiet } from '../../ui/quiet.tsx';
import { Says } from '../../ui/says.tsx';
import { Short } from '../../ui/text.tsx';
import { PolicyPage } from './policy-page.tsx';
import { PolicySentences } from '../../ui/policy-sentences.tsx';

export const help = [
  'The policy is one document for the whole desk: which keys may be made, which may leave, what a ceremony needs. The desk refuses what it forbids and names the rule that refused.',
  'A new policy is proposed by changing the one in force, and two administrators or officers approve it. Both sign the same hash. It is in force at once; keys and ceremonies that exist stay as they are.',
  'Strict mode means that components are never entered on this computer, so only ceremonies on a device of their own are allowed.',
  'Locking the desk seals what waits, ends the signer that holds the log token’s PIN, sends everybody out of the room and forgets whatever was typed and not used. Opening it again takes both halves of that PIN.',
  'Light, dark or as the system has it concerns this window only. Larger text: Ctrl and plus; smaller: Ctrl and minus; as before: Ctrl and 0.',
] as const;

const Policy = () => {
  const answer = usePolicyAnswer();
  if (answer === undefined) return null;
  if (!answer.ok) return <ErrorBox error={answer.error} />;
  const { version, sha256, policy, inForce } = answer.value;
  return (
    <>
      <PolicySentences policy={policy} />
      <dl className="facts" style={{ marginTop: 14 }}>
        <dt>Version</dt>
        <dd>{inForce ? `${version}, in force` : 'none is in force; this is a draft'}</dd>
        <dt>SHA-256, signed by two people</dt>
        <dd>
          <Short value={sha256} keep={12} label="policy’s SHA-256" /> <Says who="person" />
        </dd>
      </dl>
      <GoButton variant="default" to={['settings', 'policy']} mt="md">
        Propose a new policy
      </GoButton>
    </>
  );
};

const SCHEMES = [
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
  { value: 'auto', label: 'As the system' },
] as const;

const Appearance = () => {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <SegmentedControl
        aria-label="Light or dark"
        value={colorScheme}
        data={[...SCHEMES]}
        onChange={(value) => {
          const scheme = SCHEMES.find((known) => known.value === value);
          if (scheme !== undefined) setColorScheme(scheme.value);
        }}
      />
      <Text size="sm" c="dimmed" mt="xs" maw="44em">
        Larger text: Ctrl and plus. Smaller: Ctrl and minus. As before: Ctrl and 0. Every screen
        works at 200&nbsp;%.
      </Text>
    </>
  );
};

const Lock = () => {
  const log = useDesk((desk) => desk.status?.log);
  const waits = log?.signer !== 'NO SIGNER' ? 'The log is sealed first. ' : '';
  return (
    <>
      <Text maw="44em" mb="sm">
        {waits}The signer ends and forgets the log token’s PIN, everybody leaves the room, and what
        was typed and not used is gone. Opening again takes both halves of the PIN.
      </Text>
      <Quiet>
        <Act
          channel="desk.lock"
          people={[]}
          label="Lock the desk"
          input={() => ({ ok: true, value: {} })}
          onDone={() => {
            void Promise.all([refreshStatus(), refreshPeople()]);
          }}
          disabled={
            log?.signer === 'NO SIGNER' ? 'The desk is locked: it has no signer.' : undefined
          }
        />
      </Quiet>
    </>
  );
};

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <section style={{ marginBottom: 32 }}>
    <Title order={2} size="h4" mb="xs">
      {title}
    </Title>
    {children}
  </section>
);

export const Screen = () => {
  const [, page = ''] = useRoute();
  const hello = useDesk((desk) => desk.hello);
  if (page === 'policy') return <PolicyPage />;
  const face = faceInfo();
  return (
    <>
      <PageHead title="Settings">The desk’s policy, this window, and locking up.</PageHead>
      <div className="columns">
        <div style={{ minWidth: 0 }}>
          <Section title="Policy">
            <Policy />
          </Section>
          <Section title="This window">
            <Appearance />
          </Section>
          <Section title="Lock the desk">
            <Lock />
          </Section>
          <Section title="Data folder">
            <Text maw="44em">
              Log, records and sealed keys of people are in one folder, chosen when Keymoot was
              started with <span className="mono">--data</span>. This window is never told where.
              Copy the folder only while Keymoot is closed, and expect a restored older copy to be
              noticed: its log ends before checkpoints that are kept outside.
            </Text>
          </Section>
        </div>
        <aside>
          <Title order={2} size="h5" mb="xs">
            About
          </Title>
          <Facts
            rows={[
              ['Keymoot', hello?.version ?? ''],
              [
                'Build',
                hello === undefined ? '' : <Short value={hello.build} label="build’s SHA-256" />,
              ],
              ['Desk', <span className="mono">{hello?.origin ?? 'not founded'}</span>],
              ['Mode', hello?.mode ?? 'none'],
              ['Starts of the service', String(hello?.epoch ?? '')],
              ['Window', `${face.name} ${face.version}`],
              ['Why this window', face.why],
              ['Browser’s sandbox', face.sandboxed ? 'on' : 'OFF: for rehearsals only'],
            ]}
          />
        </aside>
      </div>
    </>
  );
};
