/** The service's views of ceremonies, queried again after each change. Nothing is kept over a reload. */
import { useCallback, useEffect, useState } from 'react';
import type {
  CeremonyView,
  DefinitionView,
  TemplateView,
} from '../../../shared/contract/ceremonies.ts';
import type { Definition, Seat } from '../../../shared/domain/ceremonies.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { call } from '../../bridge/bridge.ts';
import { seatName } from './words.ts';
import { isolated } from '../../ui/isolated.ts';

/** Changes whenever a view of ceremonies may have changed. */
const useChange = (): string =>
  useDesk(({ changes, link }) => `${changes.ceremony} ${changes.log} ${link.state}`);

export interface Loaded<T> {
  value: T | undefined;
  error: ErrorData | undefined;
  /** Sets the answer of an act, shown before the next query. */
  set: (value: T) => void;
}

export const useAsked = <T>(
  key: string,
  ask: () => Promise<{ ok: true; value: T } | { ok: false; error: ErrorData }>,
): Loaded<T> => {
  const change = useChange();
  const [state, setState] = useState<{ key: string; value?: T; error?: ErrorData }>({ key });
  useEffect(() => {
    let late = false;
    void ask().then((answer) => {
      if (late) return;
      setState((before) =>
        answer.ok
          ? { key, value: answer.value }
          : // The last view stays while the service is down; the window shows that it is.
            {
              key,
              ...(before.key === key && before.value !== undefined ? { value: before.value } : {}),
              error: answer.error,
            },
      );
    });
    return () => {
      late = true;
    };
    // `ask` is determined by `key`.
  }, [key, change]);
  const set = useCallback(
    (value: T) => {
      setState({ key, value });
    },
    [key],
  );
  return {
    value: state.key === key ? state.value : undefined,
    error: state.key === key ? state.error : undefined,
    set,
  };
};

export const useTemplates = (): Loaded<TemplateView[]> =>
  useAsked('templates', () => call('ceremonies.templates', {}));

export const useDefinitions = (): Loaded<DefinitionView[]> =>
  useAsked('definitions', () => call('ceremonies.definitions', {}));

export const useCeremony = (id: string): Loaded<CeremonyView> =>
  useAsked(id, () => call('ceremonies.show', { ceremony: id }));

/** Every ceremony with its due step. */
export const useCeremonies = (): Loaded<(CeremonyView & { opened: string })[]> =>
  useAsked('ceremonies', async () => {
    const list = await call('ceremonies.list', {});
    if (!list.ok) return list;
    const views = await Promise.all(
      list.value.map(async ({ id, opened }) => {
        const view = await call('ceremonies.show', { ceremony: id });
        return view.ok ? [{ ...view.value, opened }] : [];
      }),
    );
    return { ok: true, value: views.flat() };
  });

export interface Seated {
  seat: Seat;
  person: string;
  /** Replaces another person, by a recorded exception. */
  substitute: boolean;
}

/** Who sits where now: by the definition, and as exceptions changed it. */
export const seatsNow = (definition: Definition, view: CeremonyView): Seated[] => {
  const seats = new Map(
    definition.seats.map(({ seat, person }) => [seat, { seat, person, substitute: false }]),
  );
  for (const { substitute } of view.exceptions)
    if (substitute !== undefined) seats.set(substitute.seat, { ...substitute, substitute: true });
  return [...seats.values()];
};

/** A recorded decision, and the substitute that it seats. */
export const decisionWords = (
  { decision, substitute }: Pick<CeremonyView['exceptions'][number], 'decision' | 'substitute'>,
  nameOf: (id: string) => string,
): string =>
  substitute === undefined
    ? decision
    : `${decision}. ${nameOf(substitute.person)} sits as ${seatName(substitute.seat)}, as a substitute`;

export const useNames = (): ((id: string) => string) => {
  const people = useDesk((desk) => desk.people);
  return (id) => isolated(people.find((person) => person.id === id)?.name ?? 'somebody unknown');
};
