/** The policy in force, for screens that disable what it refuses. The service applies the same rules and decides. */
import { useEffect, useState } from 'react';
import type { Policy } from '../../shared/domain/policy.ts';
import { call } from '../bridge/bridge.ts';
import { useDesk } from './desk-store.ts';

export const usePolicy = (): Policy | undefined => {
  const changes = useDesk((desk) => desk.changes.log);
  const [policy, setPolicy] = useState<Policy>();
  useEffect(() => {
    let late = false;
    void call('policy.get', {}).then((answer) => {
      if (!late && answer.ok) setPolicy(answer.value.policy);
    });
    return () => {
      late = true;
    };
  }, [changes]);
  return policy;
};
