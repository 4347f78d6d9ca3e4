/** People and the policy. */
import { by, declare } from '../declaration.ts';
import { count, hex64, maybe, shape, text, uuid } from '../rules.ts';
import { envelope, personKey, role } from '../shapes.ts';
import { because } from '../words.ts';

export const peopleTypes = {
  /** The first two people need only the statement by their own key, which the verifier judges; later ones also need these acts. */
  'person.enrolled': declare(
    shape({
      person: uuid,
      role,
      key: personKey,
      name_sha256: hex64,
      statement: envelope,
    }),
    {
      outside: by('managers', 2, 'people.enrol'),
      inside: 'never',
      sentence: (d, { name }) => `Enrolled ${name(d.person)} as ${d.role}`,
    },
  ),
  'person.role_changed': declare(shape({ person: uuid, role }), {
    outside: by('managers', 2, 'people.setRole'),
    inside: 'never',
    sentence: (d, { name }) => `Changed the role of ${name(d.person)} to ${d.role}`,
  }),
  'person.left': declare(shape({ person: uuid, why: maybe(text(256)) }), {
    outside: by('managers', 2, 'people.remove'),
    inside: 'never',
    sentence: (d, { name }) => `Removed ${name(d.person)}${because(d.why)}`,
  }),
  'policy.changed': declare(shape({ version: count, policy_sha256: hex64 }), {
    outside: by('managers', 2, 'policy.approve'),
    inside: 'never',
    sentence: (d) => `Approved version ${d.version} of the policy`,
  }),
} as const;
