/** A screen whose whole act the policy refuses: the reason, and the way to a new policy. */
import { Empty } from '../ui/messages.tsx';
import { GoButton } from './go-button.tsx';

export const RefusedByPolicy = ({ title, why }: { title: string; why: string }) => (
  <Empty
    title={title}
    action={
      <GoButton variant="default" to={['settings', 'policy']}>
        Propose a new policy
      </GoButton>
    }
  >
    {why}
  </Empty>
);
