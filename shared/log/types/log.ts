/** The log itself, the service and its clock, sessions, exports of the log. */
import { declare, by, AT_THE_STEP } from '../declaration.ts';
import { b64Of32, count, hex64, int, maybe, oneOf, shape, text, time, uuid } from '../rules.ts';
import { attributes, logKey, token } from '../shapes.ts';
import { act, because, howMany, inToken, minute } from '../words.ts';

const session = shape({ person: uuid, why: maybe(text(64)) });

export const logTypes = {
  'log.genesis': declare(
    shape({
      installation: uuid,
      mode: oneOf('production', 'rehearsal'),
      key: logKey,
      token,
      attributes,
    }),
    {
      inside: 'never',
      sentence: (d) =>
        `The log of this ${d.mode} desk began, with a log key made${inToken(d.token)}`,
    },
  ),
  'log.checkpoint': declare(shape({ entries: count, since: time }), {
    sentence: (d) =>
      `Sealing resumed: ${howMany(d.entries, 'entry', 'entries')} had waited since ${minute(d.since)}`,
  }),
  'log.key': declare(shape({ key: logKey, token, attributes }), {
    outside: by('managers', 2, 'desk.newKey'),
    inside: AT_THE_STEP,
    sentence: (d) => `Another log key was made${inToken(d.token)}`,
  }),
  'app.start': declare(shape({ build: hex64, epoch: count, sealed: count, unsealed: count }), {
    sentence: (d) =>
      `The custody service started; the log was sealed up to ${d.sealed}, with ${d.unsealed} unsealed`,
  }),
  'clock.changed': declare(shape({ step_ms: int }), {
    sentence: (d) =>
      `The computer’s clock jumped ${d.step_ms < 0 ? 'back' : 'ahead'} by ${Math.abs(d.step_ms) / 1000} s`,
  }),
  'session.login': declare(session, {
    sentence: (d, { name }) => `${name(d.person)} arrived`,
  }),
  'session.logout': declare(session, {
    sentence: (d, { name }) => `${name(d.person)} left the room${because(d.why)}`,
  }),
  'session.login_failed': declare(
    shape({
      what: oneOf('passphrase', 'token'),
      person: maybe(uuid),
      token: maybe(token),
    }),
    {
      sentence: (d, { name, reason }) =>
        d.what === 'token'
          ? `The PIN of${inToken(d.token).replace(' in', '')} was refused${because(reason)}`
          : `A passphrase${d.person === undefined ? '' : ` given for ${name(d.person)}`} was refused`,
    },
  ),
  'audit.exported': declare(shape({ size: count, root: b64Of32 }), {
    sentence: (d, say) =>
      act(say, 'exporting', 'Exported', `the log, ${howMany(d.size, 'entry', 'entries')}`),
  }),
} as const;
