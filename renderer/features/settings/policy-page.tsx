/** Proposing the next policy: the current one, edited, shown as sentences, approved by two. */
import { Checkbox, NumberInput, Text, Title } from '@mantine/core';
import { bytesToHex } from '@noble/hashes/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { useEffect, useState } from 'react';
import { canonicalBytes } from '../../../shared/canonical.ts';
import type { Output } from '../../../shared/contract/index.ts';
import { ALGORITHMS, PURPOSES } from '../../../shared/domain/keys.ts';
import { Policy } from '../../../shared/domain/policy.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { Act } from '../../app/act.tsx';
import { GoButton } from '../../app/go-button.tsx';
import { go } from '../../app/router.ts';
import { call } from '../../bridge/bridge.ts';
import { ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { Short } from '../../ui/text.tsx';
import { policySentences, purposeWords } from '../../../shared/policy/rules.ts';
import { TWO_APPROVERS } from '../../app/two-people.ts';

/** In the order of declaration, so that the same choice has the same hash. */
const toggled = <T extends string>(all: readonly T[], chosen: readonly T[], one: T): T[] =>
  all.filter((each) => (each === one ? !chosen.includes(each) : chosen.includes(each)));

const Whole = ({
  label,
  description,
  value,
  min,
  max,
  step = 1,
  onChange,
}: {
  label: string;
  description?: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  onChange: (value: number) => void;
}) => (
  <NumberInput
    label={label}
    description={description}
    value={value}
    min={min}
    max={max}
    step={step}
    allowDecimal={false}
    allowNegative={false}
    clampBehavior="blur"
    onChange={(next) => {
      if (typeof next === 'number') onChange(next);
    }}
  />
);

const Form = ({ draft, change }: { draft: Policy; change: (part: Partial<Policy>) => void }) => (
  <>
    <Checkbox.Group label="Algorithms that may be made" value={[...draft.algorithms]}>
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: '8px 20px', marginTop: 6 }}>
        {ALGORITHMS.map((algorithm) => (
          <Checkbox
            key={algorithm}
            value={algorithm}
            label={algorithm}
            onChange={() => {
              change({ algorithms: toggled(ALGORITHMS, draft.algorithms, algorithm) });
            }}
          />
        ))}
      </div>
    </Checkbox.Group>
    <Checkbox.Group
      label="Purposes whose keys may leave their token, wrapped"
      value={[...draft.extractable]}
    >
      <div style={{ display: 'flex', flexWrap: 'wrap', gap: '8px 20px', marginTop: 6 }}>
        {PURPOSES.map((purpose) => (
          <Checkbox
            key={purpose}
            value={purpose}
            label={purposeWords(purpose)}
            onChange={() => {
              change({ extractable: toggled(PURPOSES, draft.extractable, purpose) });
            }}
          />
        ))}
      </div>
    </Checkbox.Group>
    <div
      style={{
        display: 'grid',
        gridTemplateColumns: 'repeat(auto-fit, minmax(200px, 1fr))',
        gap: 16,
        alignItems: 'end',
      }}
    >
      <Whole
        label="Fewest components"
        value={draft.components.least}
        min={2}
        max={draft.components.most}
        onChange={(least) => {
          change({ components: { ...draft.components, least } });
        }}
      />
      <Whole
        label="Most components"
        value={draft.components.most}
        min={draft.components.least}
        max={9}
        onChange={(most) => {
          change({ components: { ...draft.components, most } });
        }}
      />
      <Whole
        label="Approvals of a ceremony’s definition"
        value={draft.approvals}
        min={2}
        max={9}
        onChange={(approvals) => {
          change({ approvals });
        }}
      />
      <Whole
        label="Provider’s wrapping key, bits at least"
        value={draft.wrappingBits}
        min={2048}
        max={16384}
        step={1024}
        onChange={(wrappingBits) => {
          change({ wrappingBits });
        }}
      />
      <Whole
        label="Characters in each PIN half, at least"
        value={draft.pinHalf}
        min={2}
        max={16}
        onChange={(pinHalf) => {
          change({ pinHalf });
        }}
      />
    </div>
    <Checkbox
      label="Strict mode: components are never entered on this computer"
      checked={draft.strict}
      onChange={(event) => {
        change({ strict: event.currentTarget.checked });
      }}
    />
    <Checkbox
      label="Keys may be exported to AWS KMS"
      checked={draft.targets.includes('aws-kms')}
      onChange={(event) => {
        change({ targets: event.currentTarget.checked ? ['aws-kms'] : [] });
      }}
    />
  </>
);

export const PolicyPage = () => {
  const [inForce, setInForce] = useState<Output<'policy.get'>>();
  const [draft, setDraft] = useState<Policy>();
  const [error, setError] = useState<ErrorData>();
  useEffect(() => {
    let stale = false;
    void call('policy.get', {}).then((answer) => {
      if (stale) return;
      if (!answer.ok) setError(answer.error);
      else {
        setInForce(answer.value);
        setDraft({ ...answer.value.policy, version: answer.value.version + 1 });
      }
    });
    return () => {
      stale = true;
    };
  }, []);
  const head = (
    <PageHead
      title="Propose a new policy"
      actions={
        <GoButton variant="default" to={['settings']}>
          Settings
        </GoButton>
      }
    >
      It starts as the one in force. Two administrators or officers read what changes and sign it.
    </PageHead>
  );
  if (draft === undefined || inForce === undefined)
    return (
      <>
        {head}
        <ErrorBox error={error} />
      </>
    );
  const was = policySentences(inForce.policy);
  const now = policySentences(draft);
  const valid = Policy.safeParse(draft).success && draft.components.least <= draft.components.most;
  const unchanged = now.every(({ sentence }, at) => sentence === was[at]?.sentence);
  return (
    <>
      {head}
      <div className="columns">
        <Act
          channel="policy.approve"
          people={TWO_APPROVERS}
          label={`Approve version ${draft.version} of the policy`}
          input={() => ({ ok: true, value: { policy: draft } })}
          onDone={() => {
            go('settings');
          }}
          disabled={
            !valid
              ? 'It needs at least one algorithm, and numbers within their limits.'
              : unchanged
                ? 'Nothing is changed yet.'
                : undefined
          }
        >
          <Form
            draft={draft}
            change={(part) => {
              setDraft({ ...draft, ...part });
            }}
          />
        </Act>
        <aside style={{ position: 'sticky', top: 0 }}>
          <div className="facts" role="status">
            <Title order={2} size="h5">
              What changes
            </Title>
            {unchanged ? <Text c="dimmed">Nothing yet.</Text> : null}
            {now.map(({ name, title, sentence }, at) =>
              sentence === was[at]?.sentence ? null : (
                <div key={name} style={{ marginTop: 10 }}>
                  <Text size="sm" fw={500}>
                    {title}
                  </Text>
                  <Text size="sm" c="dimmed">
                    <del>{was[at]?.sentence}</del>
                  </Text>
                  <ins style={{ textDecoration: 'none' }}>{sentence}</ins>
                </div>
              ),
            )}
          </div>
          <div style={{ marginTop: 16 }}>
            <Facts
              rows={[
                ['In force', `version ${inForce.version}`],
                ['Proposed', `version ${draft.version}`],
                [
                  'SHA-256 that both sign',
                  <Short
                    value={bytesToHex(sha256(canonicalBytes(draft)))}
                    label="proposed policy’s SHA-256"
                  />,
                ],
              ]}
            />
          </div>
        </aside>
      </div>
    </>
  );
};
