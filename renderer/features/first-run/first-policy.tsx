/** The first policy, shown as sentences and approved by both founders. */
import { Text } from '@mantine/core';
import { Act } from '../../app/act.tsx';
import { refresh, useDesk } from '../../app/desk-store.ts';
import { usePolicyAnswer } from '../../app/policy.ts';
import { ErrorBox } from '../../ui/messages.tsx';
import { PolicySentences } from '../../ui/policy-sentences.tsx';

export const FirstPolicy = () => {
  const people = useDesk((desk) => desk.people);
  const policy = usePolicyAnswer();
  if (policy === undefined) return null;
  if (!policy.ok) return <ErrorBox error={policy.error} />;
  const { policy: rules } = policy.value;
  return (
    <Act
      channel="policy.approve"
      people={people.slice(0, 2).map(({ id, name }) => ({ title: name, person: id }))}
      label="Both approve the policy"
      input={() => ({ ok: true, value: { policy: rules } })}
      onDone={() => void refresh()}
    >
      <Text>
        The policy says what may be made here and what takes how many people. Two people can change
        it later, under Settings.
      </Text>
      <PolicySentences policy={rules} />
    </Act>
  );
};
