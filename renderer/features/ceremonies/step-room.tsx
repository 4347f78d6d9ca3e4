/** The first steps of a ceremony, in the room: arrival, clocks, the definition’s words, the token. */
import { Text, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { ReadAloud } from '../../ui/guided.tsx';
import { ReadBackFields, useReadBack } from '../../ui/read-back.tsx';
import { Fingerprint, hexGroups } from '../../ui/text.tsx';
import { given, invalid, StepAct, type StepProps } from './step-act.tsx';
import { numberWord } from '../../../shared/number-word.ts';

export const Arrive = (props: StepProps) => {
  const { view, step } = props;
  return (
    <>
      <ReadAloud title="The definition’s words. Compare them with your printed copy before you sit down.">
        <Fingerprint hex={view.definitionSha256} />
      </ReadAloud>
      <StepAct
        {...props}
        label={`Record that all ${numberWord(step.seats.length)} are here`}
        make={() => given({ kind: 'arrive' })}
      />
    </>
  );
};

const TIME = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)$/;
/** A typed time older than this is asked for again rather than recorded as a difference, ms. */
const OLD_MS = 60_000;

export const Clock = (props: StepProps) => {
  const [now, setNow] = useState(() => new Date().toISOString());
  const [date, setDate] = useState(() => new Date().toISOString().slice(0, 10));
  const [time, setTime] = useState('');
  const typedAt = useRef(0);
  useEffect(() => {
    const timer = window.setInterval(() => {
      setNow(new Date().toISOString());
    }, 250);
    return () => {
      window.clearInterval(timer);
    };
  }, []);
  return (
    <>
      <ReadAloud title="The clock on this screen, UTC">
        <div className="roomclock" role="timer" aria-label="The clock on this screen">
          {now.slice(11, 19)}
        </div>
        <div className="mono">{now.slice(0, 10)}</div>
      </ReadAloud>
      <StepAct
        {...props}
        label="Record the time in the room"
        make={() => {
          const roomTime = `${date}T${time}.000Z`;
          if (!TIME.test(time)) return invalid('The time is written as 14:05:30.');
          if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(roomTime)))
            return invalid('The date is written as 2026-11-22.');
          if (Date.now() - typedAt.current > OLD_MS) {
            setTime('');
            return invalid(
              'The time was typed more than a minute ago. Type what the clock in the room shows now, and press the button.',
            );
          }
          return given({ kind: 'clock', roomTime });
        }}
      >
        <Text>Type both passphrases first, and the time last.</Text>
        <div className="fields pairs">
          <TextInput
            label="Date in the room"
            value={date}
            maxLength={10}
            classNames={{ input: 'mono' }}
            onChange={(event) => {
              setDate(event.currentTarget.value);
            }}
          />
          <TextInput
            label="Time in the room, UTC"
            description="Hours, minutes, seconds: 14:05:30"
            value={time}
            maxLength={8}
            inputWrapperOrder={['label', 'input', 'description']}
            classNames={{ input: 'mono' }}
            onChange={(event) => {
              typedAt.current = Date.now();
              setTime(event.currentTarget.value);
            }}
          />
        </div>
      </StepAct>
    </>
  );
};

export const ReadDefinition = (props: StepProps) => {
  const readBack = useReadBack(props.view.readBack?.positions ?? []);
  return (
    <>
      <ReadAloud title="From the printed copy">
        <Text>
          The administrator reads the words under the definition’s id aloud. This screen does not
          show them now, so that they come from the paper.
        </Text>
      </ReadAloud>
      <StepAct
        {...props}
        label="Compare the words"
        make={() => {
          const taken = readBack.take();
          return 'missing' in taken
            ? invalid(taken.missing)
            : given({ kind: 'definition.read', words: taken.words });
        }}
      >
        <ReadBackFields of={readBack} />
      </StepAct>
    </>
  );
};

export const CheckToken = (props: StepProps) => {
  const { token } = props.definition.at;
  return (
    <>
      <ReadAloud title="The token that the definition names. Compare it with the device on the table.">
        <dl>
          <dt>Serial number</dt>
          <dd>{hexGroups(token.serial).join(' ')}</dd>
          <dt>Label</dt>
          <dd>{token.label}</dd>
          <dt>Maker</dt>
          <dd>{token.manufacturer}</dd>
          <dt>Model</dt>
          <dd>{token.model}</dd>
        </dl>
      </ReadAloud>
      <StepAct {...props} label="Read the token" make={() => given({ kind: 'token.check' })} />
    </>
  );
};
