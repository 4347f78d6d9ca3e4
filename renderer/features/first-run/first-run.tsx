/** From nothing to a desk, in the order of design 08, T6. Each step says what it is for; a reload stands at the step that the service says is next. */
import { Button, NativeSelect, Stack, Stepper, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refresh, refreshPeople, refreshTokens, useDesk } from '../../app/desk-store.ts';
import { call, pinHalves, secret } from '../../bridge/bridge.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { ErrorBox, PageHead } from '../../ui/messages.tsx';
import { SecretField, type SecretHandle } from '../../ui/secret-field.tsx';
import { Fingerprint } from '../../ui/text.tsx';

const Welcome = ({ onStart }: { onStart: () => void }) => (
  <div style={{ maxWidth: '42em' }}>
    <PageHead title="A desk for key ceremonies" />
    <p className="instruction">
      Make, move and retire keys with others, and leave a record that a stranger can check.
    </p>
    <Text>
      You are about to set up a rehearsal desk: everything works as it will later, on training
      tokens that are software on this computer. Nothing made here is for production. It takes about
      two minutes and two people; alone, you can play both.
    </Text>
    <Text mt="sm">
      You will need: a PIN for the log’s token, in two halves, and a passphrase for each of the two
      people. Write down what you choose; nothing can be recovered.
    </Text>
    <Button mt="lg" size="md" onClick={onStart}>
      Set up a rehearsal desk
    </Button>
  </div>
);

const halvesMatch = (a: SecretHandle | null, b: SecretHandle | null): boolean =>
  a?.filled() === true && b?.filled() === true;

const MakeLogToken = ({ onMade }: { onMade: (at: TokenRef) => void }) => {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorData>();
  const [name, setName] = useState('desk.example');
  const pin = usePinFields();
  const make = async () => {
    if (!halvesMatch(pin.first.current, pin.second.current)) {
      setError({
        code: 'pin-half-missing',
        message: 'Both halves of the PIN are needed, at least four characters each.',
      });
      return;
    }
    setBusy(true);
    setError(undefined);
    const [first, second] = pin.take();
    // The security officer's PIN of a training token is the user's: it exists to start over, and starting over is making another.
    const copies = [first.slice(), second.slice(), first.slice(), second.slice()] as const;
    const user = await pinHalves([first, second], 'tokens.train');
    const so = user.ok ? await pinHalves([copies[0], copies[1]], 'tokens.train') : user;
    const fail = (problem: ErrorData) => {
      for (const copy of copies) copy.fill(0);
      setBusy(false);
      setError(problem);
    };
    if (!user.ok) {
      fail(user.error);
      return;
    }
    if (!so.ok) {
      fail(so.error);
      return;
    }
    const token = await call('tokens.train', {
      family: 'softhsm',
      label: 'log',
      userPin: user.value,
      soPin: so.value,
    });
    if (!token.ok) {
      fail(token.error);
      return;
    }
    const login = await pinHalves([copies[2], copies[3]], 'desk.found');
    if (!login.ok) {
      fail(login.error);
      return;
    }
    const founded = await call('desk.found', {
      name,
      mode: 'rehearsal',
      at: token.value.at,
      login: login.value,
    });
    setBusy(false);
    if (!founded.ok) {
      fail(founded.error);
      return;
    }
    onMade(token.value.at);
    await refresh();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <Stack maw="36em">
        <Text>
          The log has a token and a key of its own. The key seals the record of everything that
          happens here; its PIN is in two halves, so that no one person can rewrite the past.
        </Text>
        <TextInput
          label="Name of this desk"
          description="Lower-case letters, digits, dots and hyphens. It stands under every seal."
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value.toLowerCase());
          }}
        />
        <PinFields of="Log token’s PIN" fields={pin} />
        <ErrorBox error={error} />
        <div>
          <Button type="submit" loading={busy}>
            Make the log token and its key
          </Button>
        </div>
      </Stack>
    </form>
  );
};

const Enrol = ({ which }: { which: 'first' | 'second' }) => {
  const [name, setName] = useState('');
  const [role, setRole] = useState<'administrator' | 'officer'>(
    which === 'first' ? 'administrator' : 'officer',
  );
  const [error, setError] = useState<ErrorData>();
  const [busy, setBusy] = useState(false);
  const one = useRef<SecretHandle>(null);
  const two = useRef<SecretHandle>(null);
  const enrol = async () => {
    const typed = one.current?.take() ?? new Uint8Array();
    const again = two.current?.take() ?? new Uint8Array();
    const same = typed.length === again.length && typed.every((byte, at) => byte === again[at]);
    again.fill(0);
    if (!same) {
      typed.fill(0);
      setError({
        code: 'input-invalid',
        message: 'The two passphrases are not the same. Type both again; nobody was enrolled.',
      });
      one.current?.focus();
      return;
    }
    setBusy(true);
    setError(undefined);
    const handle = await secret(typed, 'passphrase', 'people.enrol');
    const enrolled = handle.ok
      ? await call('people.enrol', { name: name.trim(), role, passphrase: handle.value })
      : handle;
    setBusy(false);
    if (!enrolled.ok) setError(enrolled.error);
    else await refreshPeople();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void enrol();
      }}
    >
      <Stack maw="36em">
        <Text>
          {which === 'first'
            ? 'Each person has a signing key of their own, sealed under a passphrase that only they know. With it they sign every act of theirs.'
            : 'Now the second person. Every important act takes two; these two approve everyone who comes after.'}
        </Text>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
        <NativeSelect
          label="Role"
          value={role}
          data={['administrator', 'officer']}
          onChange={(event) => {
            setRole(event.currentTarget.value === 'officer' ? 'officer' : 'administrator');
          }}
        />
        <SecretField
          label="Passphrase"
          description="At least 12 characters: several words."
          ref={one}
        />
        <SecretField label="Passphrase, again" ref={two} />
        <ErrorBox error={error} />
        <div>
          <Button type="submit" loading={busy} disabled={name.trim() === ''}>
            {`Enrol ${name.trim() === '' ? (which === 'first' ? 'the first person' : 'the second person') : name.trim()}`}
          </Button>
        </div>
      </Stack>
    </form>
  );
};

const ApprovePolicy = () => {
  const people = useDesk((desk) => desk.people);
  const [policy, setPolicy] = useState<Awaited<ReturnType<typeof load>>>();
  const load = async () => {
    const got = await call('policy.get', {});
    return got.ok ? got.value : undefined;
  };
  if (policy === undefined) {
    void load().then(setPolicy);
    return null;
  }
  const { policy: rules } = policy;
  return (
    <Stack maw="40em">
      <Text>
        The policy says what may be made here and what takes how many people. It can be changed
        later, by two.
      </Text>
      <ul>
        <li>Keys: {rules.algorithms.join(', ')}.</li>
        <li>May leave a token wrapped, if made for it: {rules.extractable.join(', ')} keys.</li>
        <li>
          Keys from {rules.components.least} to {rules.components.most} components; definitions
          approved by {rules.approvals}.
        </li>
        <li>Exports: AWS KMS, wrapping keys of at least {rules.wrappingBits} bits.</li>
        <li>Each half of a PIN has at least {rules.pinHalf} characters.</li>
      </ul>
      <Act
        channel="policy.approve"
        people={people.slice(0, 2).map(({ id, name }) => ({ title: name, person: id }))}
        label="Both approve the policy"
        input={() => ({ ok: true, value: { policy: rules } })}
        onDone={() => void refresh()}
      />
    </Stack>
  );
};

export const FirstRun = () => {
  const { hello, people, status } = useDesk();
  const [started, setStarted] = useState(false);
  if (hello === undefined) return null;
  const active = hello.state === 'EMPTY' ? 0 : Math.min(3, 1 + people.length);
  if (hello.state === 'EMPTY' && !started)
    return (
      <Welcome
        onStart={() => {
          setStarted(true);
        }}
      />
    );
  return (
    <div>
      <PageHead title="Set up the desk" />
      <Stepper active={active} mb="xl" size="sm" allowNextStepsSelect={false}>
        <Stepper.Step label="The log’s token" description="and its key" />
        <Stepper.Step label="First person" description="their signing key" />
        <Stepper.Step label="Second person" description="their signing key" />
        <Stepper.Step label="The policy" description="approved by both" />
      </Stepper>
      {active === 0 ? <MakeLogToken onMade={() => void refreshTokens()} /> : null}
      {active === 1 ? <Enrol key="first" which="first" /> : null}
      {active === 2 ? <Enrol key="second" which="second" /> : null}
      {active === 3 ? <ApprovePolicy /> : null}
      {hello.state === 'FOUNDING' && status?.log.keySha256 !== undefined ? (
        <section style={{ marginTop: 40 }}>
          <Text size="sm" c="dimmed" mb="xs">
            The log key’s fingerprint, read from the device. Write it down or print it: it is what
            an auditor’s trust file pins.
          </Text>
          <Fingerprint hex={status.log.keySha256} />
        </section>
      ) : null}
    </div>
  );
};
