/** Operations that were interrupted at a token: shown wherever the next one could be started, with a link to settle them. */
import { Title } from '@mantine/core';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import { capital } from '../ui/capital.ts';
import { Time } from '../ui/text.tsx';
import { useDesk } from './desk-store.ts';
import { GoButton } from './go-button.tsx';
import { sameToken } from './tokens.ts';

/** @param at limits the list to this token */
export const Unsettled = ({ at }: { at?: TokenRef | undefined }) => {
  const all = useDesk((desk) => desk.status?.unfinished) ?? [];
  const open = all.filter(
    ({ token }) => at === undefined || (token !== undefined && sameToken(token, at)),
  );
  if (open.length === 0) return null;
  return (
    <section className="notice" aria-label="Interrupted" style={{ marginBottom: 24 }}>
      <Title order={2} size="h3">
        Interrupted, and to be settled first
      </Title>
      {open.map(({ intent, what, time, token }) => (
        <div key={intent}>
          <p>
            {capital(what)}, since <Time at={time} />.{' '}
            {token === undefined
              ? 'Nothing of it is on a token; it is settled by itself when Keymoot starts again.'
              : 'Until it is settled nothing else is done on that token.'}
          </p>
          {token === undefined ? null : (
            <GoButton to={['tokens', 'recovery', intent]}>Settle it with the token</GoButton>
          )}
        </div>
      ))}
    </section>
  );
};
