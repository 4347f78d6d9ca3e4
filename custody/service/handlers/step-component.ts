/** Entering a component: from the page to the holder, which returns only commitment and check value. */
import { KeymootError } from '../../../shared/errors.ts';
import type { DeskCeremony as Ceremony } from '../ceremony-room.ts';
import type { Call } from '../router.ts';
import { fail, stepMember, succeed, type Due, type Of } from './step-record.ts';

export const enterComponent = async (
  ceremony: Ceremony,
  due: Due,
  input: Of<'component.enter'>,
  call: Call,
): Promise<void> => {
  const { desk, channel } = call;
  const { definition } = ceremony;
  const { index, serial } = input;
  if (index !== due.state.step.component)
    throw new KeymootError(
      'step-refused',
      `Component ${due.state.step.component ?? 0} is due, not ${index}.`,
    );
  const earlier = ceremony.components.get(index);
  const known = desk.store.ceremonies.envelope(serial);
  const reused =
    known !== undefined && (known.ceremony !== ceremony.id || known.component !== index);
  if (reused || (earlier !== undefined && earlier.serial !== serial))
    throw new KeymootError(
      'component-refused',
      'That envelope serial belongs to another envelope. Check the number on the envelope; if it is right, record an exception.',
      { fields: { serial: 'known' } },
    );
  const typed = desk.secrets.take(input.component, { purpose: 'component', channel });
  let received;
  try {
    const holder = await desk.ceremonies.holder(ceremony);
    received = await holder.call('receive', {
      index,
      typed,
      check: input.check,
      ...(earlier === undefined ? {} : { commitment: earlier.commitment }),
    });
    holder.held.add(index);
  } catch (error) {
    if (
      error instanceof KeymootError &&
      error.code === 'component-refused' &&
      error.fields?.['holder'] === undefined
    )
      fail(
        ceremony,
        { ...due, input: { component: index } },
        call,
        `component ${index} was refused`,
        error,
      );
    throw error;
  } finally {
    typed.fill(0);
  }
  const person = ceremony.seats.get(`custodian-${index}`);
  succeed(
    ceremony,
    { ...due, input: { component: index, serial } },
    call,
    `component ${index} of ${definition.components.count} received, ${received.check.method} ${received.check.value}`,
    [
      {
        type: 'component.receive',
        detail: {
          index,
          of: definition.components.count,
          attempt: due.attempt,
          commitment: received.commitment,
          check: received.check,
          serial,
          ...(person === undefined ? {} : { person }),
        },
        ...stepMember(ceremony, due),
      },
    ],
  );
};
