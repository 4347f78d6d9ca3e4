import { z } from 'zod';
import { Count, Hex64, Uuid, text } from '../domain/basics.ts';
import { Person, PersonName, Role } from '../domain/people.ts';
import { Policy } from '../domain/policy.ts';
import { channel } from './channel.ts';
import { Nothing } from './desk.ts';

export const peopleChannels = {
  'people.list': channel('none', Nothing, z.array(Person)),
  /** The person's own signed enrolment, plus two managers' proofs once the desk is founded. */
  'people.enrol': channel(
    'two',
    z.strictObject({
      name: PersonName,
      role: Role,
      passphrase: Uuid,
      /** Only in rehearsals: an invented person, with a passphrase of at least 100 random bits, which needs no stretching. */
      invented: z.literal(true).optional(),
    }),
    Person,
    { founding: true },
  ),
  'people.setRole': channel('two', z.strictObject({ person: Uuid, role: Role }), Person),
  'people.remove': channel('two', z.strictObject({ person: Uuid, why: text(256) }), Nothing),
  'presence.arrive': channel('proof', z.strictObject({ person: Uuid }), z.array(Uuid)),
  'presence.leave': channel('none', z.strictObject({ person: Uuid }), z.array(Uuid)),
  'policy.get': channel(
    'none',
    Nothing,
    z.strictObject({ inForce: z.boolean(), version: Count, sha256: Hex64, policy: Policy }),
  ),
  /** Approves the next policy; the first one takes the desk from FOUNDING to READY. */
  'policy.approve': channel(
    'two',
    z.strictObject({ policy: Policy }),
    z.strictObject({ version: Count, sha256: Hex64 }),
  ),
} as const;
