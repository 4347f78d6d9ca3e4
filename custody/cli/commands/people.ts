/** `people`: enrolling, roles, leaving. Every change is a signed statement in the log. */
import { Role } from '../../../shared/domain/people.ts';
import { personNamed } from '../names.ts';
import { atDesk } from '../session.ts';
import { facts } from '../show.ts';

const CHANNEL = 'people.enrol';

export const enrol = atDesk(async (desk) => {
  const { asked, ask } = desk;
  const name = asked.word(0);
  const role = asked.choice('--role', asked.one('role'), Role.options);
  const managers = await desk.byUnlessFounding(2);
  await desk.passphrasesOf(managers);
  const passphrase = await ask.newSecret(`passphrase ${name}`, `New passphrase of ${name}`);
  try {
    const value = await desk.act(CHANNEL, managers, async () => ({
      name,
      role,
      passphrase: await desk.client.secret(Buffer.from(passphrase), {
        purpose: 'passphrase',
        channel: CHANNEL,
      }),
    }));
    return {
      value,
      lines: [
        `${value.name} is enrolled as ${value.role}.`,
        ...facts([
          ['id', value.id],
          ['key', `${value.key.alg} ${value.key.sha256}`],
        ]),
        ...(await desk.sealNote()),
      ],
    };
  } finally {
    passphrase.fill(0);
  }
});

export const role = atDesk(async (desk) => {
  const { asked } = desk;
  const next = asked.choice('the role', asked.word(1), Role.options);
  const { id } = personNamed(await desk.people(), asked.word(0));
  const value = await desk.act('people.setRole', await desk.by(2), () => ({
    person: id,
    role: next,
  }));
  return { value, lines: [`${value.name} is ${value.role} now.`, ...(await desk.sealNote())] };
});

export const remove = atDesk(async (desk) => {
  const { asked } = desk;
  const { id, name } = personNamed(await desk.people(), asked.word(0));
  const why = asked.one('why');
  await desk.act('people.remove', await desk.by(2), () => ({ person: id, why }));
  return {
    value: { person: id, left: true },
    lines: [`${name} has left. What they signed stays as it is.`, ...(await desk.sealNote())],
  };
});
