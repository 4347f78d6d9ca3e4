/** What each kind of step asks for on the screen. The people of the step prove themselves below; what is sent is made when they press the button. */
import { Button, NativeSelect, Radio, Stack, Text, TextInput, Textarea } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { CeremonyView, StepInput } from '../../../shared/contract/ceremonies.ts';
import type { Definition, Step } from '../../../shared/domain/ceremonies.ts';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refreshTokens } from '../../app/desk-store.ts';
import { pinHalves, secret, type Answer } from '../../bridge/bridge.ts';
import { Acting, ReadAloud } from '../../ui/guided.tsx';
import { HexField, type HexHandle } from '../../ui/hex-field.tsx';
import { LastTry } from '../../ui/last-try.tsx';
import { Fingerprint, hexGroups } from '../../ui/text.tsx';
import { usePinState, type Seated } from './data.ts';
import { checkDigits, isCheckValue } from './draft-definition.ts';
import { HandOver } from './hand-over.tsx';
import { numberWord, seatName } from './words.ts';

export interface StepProps {
  view: CeremonyView;
  definition: Definition;
  step: Step;
  seated: readonly Seated[];
  onDone: (view: CeremonyView) => void;
  /** Opens “Exception” or “Pause” from a screen that covers their buttons. */
  interrupt: (how: 'exception' | 'pause') => void;
}

const invalid = (message: string): Answer<never> => ({
  ok: false,
  error: { code: 'input-invalid', message: `${message} Nothing was done.` },
});
const given = <T,>(value: T): Answer<T> => ({ ok: true, value });

/** The step's act, by everyone whose seat it names. */
const StepAct = ({
  view,
  step,
  seated,
  onDone,
  label,
  make,
  children,
}: StepProps & {
  label: string;
  make: () => Promise<Answer<StepInput>> | Answer<StepInput>;
  children?: ReactNode;
}) => (
  <Acting title={`Who acts now: ${step.seats.map(seatName).join(', ')}`}>
    <Act
      channel="ceremonies.step"
      people={step.seats.map((seat) => ({
        title: seatName(seat),
        person: seated.find((taken) => taken.seat === seat)?.person ?? '',
      }))}
      label={label}
      input={async () => {
        const input = await make();
        return input.ok ? given({ ceremony: view.id, step: step.id, input: input.value }) : input;
      }}
      onDone={onDone}
    >
      {children}
    </Act>
  </Acting>
);

const Arrive = (props: StepProps) => {
  const { view, step } = props;
  return (
    <>
      <ReadAloud title="The definition’s words. Compare them with your printed copy before you sit down.">
        <Fingerprint hex={view.definitionSha256} words={view.words} />
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
/** A typed time grows old; after this it is asked for again rather than recorded as a difference, ms. */
const OLD_MS = 60_000;

const Clock = (props: StepProps) => {
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

/** Where a word stands on paper: hex in fours, two words under each. */
const placeOf = (position: number): string =>
  `group ${Math.ceil(position / 2)}, ${position % 2 === 1 ? 'first' : 'second'} word`;

const ReadDefinition = (props: StepProps) => {
  const positions = props.view.readBack?.positions ?? [];
  const asked = positions.join(' ');
  const [typed, setTyped] = useState<{ asked: string; words: Record<number, string> }>({
    asked,
    words: {},
  });
  // Other words are asked for after a mistake; what was typed for the former ones goes.
  const words = typed.asked === asked ? typed.words : {};
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
          const missing = positions.find((position) => (words[position] ?? '').trim() === '');
          return missing === undefined
            ? given({
                kind: 'definition.read',
                words: positions.map((position) => (words[position] ?? '').trim()),
              })
            : invalid(`Word ${missing} has not been typed.`);
        }}
      >
        <div className="fields pairs">
          {positions.map((position) => (
            <TextInput
              key={`${asked}/${position}`}
              label={`Word ${position}`}
              description={placeOf(position)}
              value={words[position] ?? ''}
              maxLength={32}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => {
                setTyped({ asked, words: { ...words, [position]: event.currentTarget.value } });
              }}
            />
          ))}
        </div>
      </StepAct>
    </>
  );
};

const CheckToken = (props: StepProps) => {
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

const EnterComponent = (props: StepProps) => {
  const { definition, step, seated, interrupt } = props;
  const index = step.component ?? 1;
  const custodian = seated.find(({ seat }) => seat === `custodian-${index}`)?.person ?? '';
  const [alone, setAlone] = useState(false);
  const [check, setCheck] = useState('');
  const [serial, setSerial] = useState('');
  const component = useRef<HexHandle>(null);
  const digits = definition.key.algorithm === 'AES-128' ? 32 : 64;
  const again = props.view.again.includes(index);
  const earlier = props.view.components.find((received) => received.index === index);
  if (!alone)
    return (
      <HandOver
        index={index}
        of={definition.components.count}
        custodian={custodian}
        watchers={step.seats
          .filter((seat) => seat !== `custodian-${index}`)
          .map((seat) => ({
            seat,
            person: seated.find((taken) => taken.seat === seat)?.person ?? '',
          }))}
        again={again}
        onAlone={() => {
          setAlone(true);
        }}
        interrupt={interrupt}
      />
    );
  return (
    <>
      <div className="notice" style={{ marginTop: 20 }}>
        This screen is for {seatName(`custodian-${index}`)} only until the component is recorded.{' '}
        <Button
          variant="default"
          size="compact-sm"
          onClick={() => {
            component.current?.clear();
            setAlone(false);
          }}
        >
          Blank the screen
        </Button>
      </div>
      {again && earlier !== undefined ? (
        <Text mt="md">
          This component was received before the interruption, from envelope{' '}
          <span className="mono" style={{ whiteSpace: 'nowrap' }}>
            {earlier.serial}
          </span>
          . It must be the same one.
        </Text>
      ) : null}
      <StepAct
        {...props}
        label={`Enter component ${index} of ${definition.components.count}`}
        make={async () => {
          const problem = component.current?.problem();
          if (problem !== undefined) return invalid(problem);
          if (!isCheckValue(check))
            return invalid('A check value by X9.24-CMAC has ten hex digits, or six for short.');
          if (serial.trim() === '') return invalid('The envelope’s serial number is missing.');
          const handle = await secret(
            component.current?.take() ?? new Uint8Array(),
            'component',
            'ceremonies.step',
          );
          return handle.ok
            ? given({
                kind: 'component.enter',
                index,
                component: handle.value,
                check: checkDigits(check),
                serial: serial.trim(),
              })
            : handle;
        }}
      >
        <HexField label={`Component ${index}`} digits={digits} ref={component} />
        <div className="fields pairs">
          <TextInput
            label={`Check value of component ${index}, ${definition.components.method}`}
            description="From the same paper: ten hex digits, or six"
            inputWrapperOrder={['label', 'input', 'description']}
            value={check}
            maxLength={24}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: 'mono' }}
            onChange={(event) => {
              setCheck(event.currentTarget.value);
            }}
          />
          <TextInput
            label="Envelope’s serial number"
            description="Printed on the outside"
            inputWrapperOrder={['label', 'input', 'description']}
            value={serial}
            maxLength={64}
            spellCheck={false}
            autoComplete="off"
            classNames={{ input: 'mono' }}
            onChange={(event) => {
              setSerial(event.currentTarget.value);
            }}
          />
        </div>
      </StepAct>
    </>
  );
};

const Phrase = ({
  phrase,
  typed,
  onChange,
}: {
  phrase: string;
  typed: string;
  onChange: (typed: string) => void;
}) => (
  <TextInput
    label={
      <>
        Type exactly: <span className="mono">{phrase}</span>
      </>
    }
    aria-label={`Type exactly: ${phrase}`}
    value={typed}
    maxLength={256}
    spellCheck={false}
    autoComplete="off"
    classNames={{ input: 'mono' }}
    onChange={(event) => {
      onChange(event.currentTarget.value);
    }}
  />
);

const FormKey = (props: StepProps) => {
  const { definition, step } = props;
  const { at, key } = definition;
  const pin = usePinFields();
  const state = usePinState(at);
  const [typed, setTyped] = useState('');
  const [sure, setSure] = useState(false);
  useEffect(() => {
    void refreshTokens();
  }, []);
  return (
    <StepAct
      {...props}
      label={`Form ${key.algorithm} “${key.label}” in token ${at.token.label}`}
      make={async () => {
        if (typed !== step.phrase)
          return invalid(`The phrase typed is not “${step.phrase ?? ''}”.`);
        if (!pin.first.current?.filled() || !pin.second.current?.filled())
          return invalid('A half of the token’s PIN is missing.');
        const login = await pinHalves(pin.take(), 'ceremonies.step');
        return login.ok
          ? given({ kind: 'key.form', phrase: typed, login: { ...login.value, lastTry: sure } })
          : login;
      }}
    >
      <Phrase phrase={step.phrase ?? ''} typed={typed} onChange={setTyped} />
      <PinFields of={`PIN of token ${at.token.label}`} fields={pin} />
      <LastTry pin={state} sure={sure} onChange={setSure} />
    </StepAct>
  );
};

const VerifyKey = (props: StepProps) => {
  const [typed, setTyped] = useState('');
  const method = props.definition.components.method;
  return (
    <StepAct
      {...props}
      label="Compare the check value"
      make={() =>
        isCheckValue(typed)
          ? given({ kind: 'key.verify', check: checkDigits(typed) })
          : invalid(`A check value by ${method} has ten hex digits, or six for short.`)
      }
    >
      <TextInput
        label={`Check value of the key, ${method}`}
        description="From the sender’s letter. Read it back aloud before the button is pressed: a wrong digit is recorded as a failed check."
        value={typed}
        maxLength={24}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: 'mono' }}
        maw="26em"
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
    </StepAct>
  );
};

const DestroyEnvelopes = (props: StepProps) => {
  const { view, definition, step } = props;
  const [serials, setSerials] = useState<Record<number, string>>({});
  const [typed, setTyped] = useState('');
  const indexes = view.components.map(({ index }) => index).sort((a, b) => a - b);
  return (
    <StepAct
      {...props}
      label={`Record that ${numberWord(definition.components.count)} envelopes are destroyed`}
      make={() => {
        const missing = indexes.find((index) => (serials[index] ?? '').trim() === '');
        if (missing !== undefined)
          return invalid(`The serial number of envelope ${missing} has not been typed.`);
        if (typed !== step.phrase)
          return invalid(`The phrase typed is not “${step.phrase ?? ''}”.`);
        return given({
          kind: 'envelopes.destroy',
          phrase: typed,
          serials: indexes.map((index) => (serials[index] ?? '').trim()),
        });
      }}
    >
      {indexes.map((index) => (
        <TextInput
          key={index}
          label={`Serial number of envelope ${index}, as read aloud`}
          value={serials[index] ?? ''}
          maxLength={64}
          maw="20em"
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: 'mono' }}
          onChange={(event) => {
            setSerials({ ...serials, [index]: event.currentTarget.value });
          }}
        />
      ))}
      {step.phrase === undefined ? null : (
        <Phrase phrase={step.phrase} typed={typed} onChange={setTyped} />
      )}
    </StepAct>
  );
};

const Agree = ({ view, step, seated, onDone, nameOf }: StepProps & { nameOf: Names }) => {
  const spoken = new Set([...view.agreed, ...view.disagreed]);
  const waiting = seated.filter(
    ({ seat, person }) => step.seats.includes(seat) && !spoken.has(person),
  );
  const [chosen, setChosen] = useState('');
  const [agree, setAgree] = useState('');
  const [because, setBecause] = useState('');
  const speaker = waiting.find(({ person }) => person === chosen) ?? waiting[0];
  if (speaker === undefined) return null;
  const name = nameOf(speaker.person);
  return (
    <Acting title={`Who speaks now: ${name}, ${seatName(speaker.seat)}`}>
      <Stack gap="lg">
        {waiting.length === 1 ? null : (
          <NativeSelect
            label="Person"
            description={`${view.agreed.length + view.disagreed.length} of ${step.seats.length} have spoken`}
            value={speaker.person}
            data={waiting.map(({ seat, person }) => ({
              value: person,
              label: `${nameOf(person)}, ${seatName(seat)}`,
            }))}
            onChange={(event) => {
              setChosen(event.currentTarget.value);
              setAgree('');
            }}
            maw="24em"
          />
        )}
        <Radio.Group label={`${name} says`} value={agree} onChange={setAgree}>
          <Stack gap={8} mt={8}>
            <Radio value="yes" size="md" label="I agree" />
            <Radio value="no" size="md" label="I do not agree, because …" />
          </Stack>
        </Radio.Group>
        {agree === 'no' ? (
          <Textarea
            label="Because, in their own words"
            description="Stays in the record as it is. The verdict is then DISPUTED, and nothing is deleted."
            value={because}
            maxLength={1024}
            minRows={3}
            autosize
            onChange={(event) => {
              setBecause(event.currentTarget.value);
            }}
          />
        ) : null}
        <Act
          key={speaker.person}
          channel="ceremonies.step"
          people={[{ title: seatName(speaker.seat), person: speaker.person }]}
          label={`Record what ${name} says`}
          input={() => {
            if (agree === '') return invalid(`Whether ${name} agrees has not been chosen.`);
            if (agree === 'no' && because.trim() === '')
              return invalid('Whoever does not agree says why.');
            return given({
              ceremony: view.id,
              step: step.id,
              input:
                agree === 'yes'
                  ? { kind: 'agree', agree: true }
                  : { kind: 'agree', agree: false, because: because.trim() },
            });
          }}
          onDone={(next) => {
            setAgree('');
            setBecause('');
            setChosen('');
            onDone(next);
          }}
        />
      </Stack>
    </Acting>
  );
};
type Names = (id: string) => string;

export const StepInputs = (props: StepProps & { nameOf: Names }) => {
  switch (props.step.kind) {
    case 'arrive':
      return <Arrive {...props} />;
    case 'clock':
      return <Clock {...props} />;
    case 'definition.read':
      return <ReadDefinition {...props} />;
    case 'token.check':
      return <CheckToken {...props} />;
    case 'component.enter':
      return <EnterComponent {...props} />;
    case 'key.form':
      return <FormKey {...props} />;
    case 'key.verify':
      return <VerifyKey {...props} />;
    case 'envelopes.destroy':
      return <DestroyEnvelopes {...props} />;
    case 'agree':
      return <Agree {...props} />;
  }
};
