/** The ceremony that an act's entry names, and whether the people of the act have a seat in it. */
import { KeymootError } from '../../../shared/errors.ts';
import type { DeskCeremony as Ceremony } from '../ceremony-room.ts';
import type { Call } from '../router.ts';

export const ceremonyMember = (ceremony: Ceremony, step?: string) => ({
  ceremony: {
    id: ceremony.id,
    definition_sha256: ceremony.definitionSha256,
    ...(step === undefined ? {} : { step }),
  },
});

/** Only people with a seat in the ceremony may act in it. */
export const requireSeated = (ceremony: Ceremony, call: Call): void => {
  const seated = new Set(ceremony.seats.values());
  if (call.people.some(({ id }) => !seated.has(id)))
    throw new KeymootError(
      'act-refused',
      'Somebody proved themselves who has no seat in this ceremony. Nothing was done.',
    );
};
