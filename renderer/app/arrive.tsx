/** A person enters the room and proves it once. Presence permits reading; it approves nothing (design 08, T2). */
import type { Person } from '../../shared/domain/people.ts';
import { Act } from './act.tsx';
import { refreshPeople, refreshStatus } from './desk-store.ts';
import { isolated } from '../ui/isolated.ts';

export const presenceChanged = (): void => {
  void Promise.all([refreshStatus(), refreshPeople()]);
};

export const Arrival = ({ among }: { among: readonly Person[] }) => (
  <Act
    channel="presence.arrive"
    people={[{ title: 'Who arrives', among }]}
    label={([name = 'Somebody']) => `${isolated(name)} arrives`}
    input={([person = '']) => ({ ok: true, value: { person } })}
    onDone={presenceChanged}
  />
);

export const Departure = ({ person: { id, name } }: { person: Person }) => (
  <Act
    channel="presence.leave"
    people={[]}
    label={`${isolated(name)} leaves`}
    input={() => ({ ok: true, value: { person: id } })}
    onDone={presenceChanged}
  />
);
