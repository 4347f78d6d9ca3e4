/** The policy, for screens that show it or disable what it refuses. The service applies the same rules (shared/policy) and decides. */
import { useEffect, useState } from 'react';
import type { Output } from '../../shared/contract/index.ts';
import type { Policy } from '../../shared/domain/policy.ts';
import { call, type Answer } from '../bridge/bridge.ts';
import { useDesk } from './desk-store.ts';

/** The document with its version and hash; queried again whenever the log grows. */
export const usePolicyAnswer = (): Answer<Output<'policy.get'>> | undefined => {
  const change = useDesk(({ hello, changes }) => `${hello?.state} ${changes.log}`);
  const [answer, setAnswer] = useState<Answer<Output<'policy.get'>>>();
  useEffect(() => {
    let late = false;
    void call('policy.get', {}).then((value) => {
      if (!late) setAnswer(value);
    });
    return () => {
      late = true;
    };
  }, [change]);
  return answer;
};

/** Undefined until it is known: nothing is disabled then. */
export const usePolicy = (): Policy | undefined => {
  const answer = usePolicyAnswer();
  return answer?.ok === true ? answer.value.policy : undefined;
};
