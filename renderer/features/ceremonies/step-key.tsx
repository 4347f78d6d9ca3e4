/** The key: formed in the token from the components, and compared with the sender’s letter. */
import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { LoginFields, useLogin } from '../../app/login.tsx';
import { checkDigits, isCheckValue } from './check-digits.ts';
import { Phrase } from '../../ui/phrase.tsx';
import { given, invalid, StepAct, type StepProps } from './step-act.tsx';
import { isolated } from '../../ui/isolated.ts';

export const FormKey = (props: StepProps) => {
  const { definition, step } = props;
  const { at, key } = definition;
  const [typed, setTyped] = useState('');
  const login = useLogin(at);
  return (
    <StepAct
      {...props}
      label={`Form ${key.algorithm} “${isolated(key.label)}” in token ${isolated(at.token.label)}`}
      make={async () => {
        if (typed !== step.phrase)
          return invalid(`The phrase typed is not “${step.phrase ?? ''}”.`);
        const halves = await login.take('ceremonies.step');
        return halves.ok ? given({ kind: 'key.form', phrase: typed, login: halves.value }) : halves;
      }}
    >
      <Phrase phrase={step.phrase ?? ''} typed={typed} onChange={setTyped} />
      <LoginFields of={`PIN of token ${isolated(at.token.label)}`} login={login} />
    </StepAct>
  );
};

export const VerifyKey = (props: StepProps) => {
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
