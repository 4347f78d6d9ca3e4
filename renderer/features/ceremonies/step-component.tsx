/** Entering a component: the screen stays blank until the custodian takes it over. */
import { Button, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { secret } from '../../bridge/bridge.ts';
import { HexField, type HexHandle } from '../../ui/hex-field.tsx';
import { checkDigits, isCheckValue } from './check-digits.ts';
import { HandOver } from './hand-over.tsx';
import { given, invalid, StepAct, type StepProps } from './step-act.tsx';
import { seatName } from './words.ts';

export const EnterComponent = (props: StepProps) => {
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
            description="From the same paper: six or ten digits"
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
