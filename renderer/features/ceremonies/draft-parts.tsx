/** What people choose for a definition: the key, the token, and who sits where. */
import { Loader, NativeSelect, Radio, Stack, Text, TextInput } from '@mantine/core';
import type { Seat } from '../../../shared/domain/ceremonies.ts';
import { useDesk } from '../../app/desk-store.ts';
import { sameToken, tokenKey, useKeyTokens, useTokensHere } from '../../app/tokens.ts';
import { SEATS, type Choices } from './draft-definition.ts';
import { rolesFor, seatName } from './words.ts';
import { isolated } from '../../ui/isolated.ts';

interface PartProps {
  choices: Choices;
  set: (next: Partial<Choices>) => void;
}

const PURPOSES = [
  ['wrap', 'Wrap other keys', 'A zone master key or key-encryption key.'],
  ['encrypt', 'Encrypt and decrypt data', ''],
  ['mac', 'Make and check message authentication codes', ''],
] as const;

export const KeyPart = ({ choices, set }: PartProps) => (
  <Stack gap="lg">
    <Radio.Group
      label="Algorithm"
      description="As in the sender’s letter. Every component is as long as the key."
      value={choices.algorithm}
      onChange={(algorithm) => {
        set({ algorithm: algorithm === 'AES-128' ? 'AES-128' : 'AES-256' });
      }}
    >
      <Stack gap={6} mt={8}>
        <Radio value="AES-256" label="AES-256: components of 64 hex digits" />
        <Radio value="AES-128" label="AES-128: components of 32 hex digits" />
      </Stack>
    </Radio.Group>
    <TextInput
      label="Key label"
      description="The name the key has in the token and on every paper."
      value={choices.label}
      maxLength={64}
      maw="24em"
      onChange={(event) => {
        set({ label: event.currentTarget.value });
      }}
    />
    <Radio.Group
      label="Purpose"
      description="One purpose a key. Nothing else is switched on in the token."
      value={choices.purpose}
      onChange={(purpose) => {
        set({ purpose: purpose });
      }}
    >
      <Stack gap={6} mt={8}>
        {PURPOSES.map(([value, label, description]) => (
          <Radio
            key={value}
            value={value}
            label={label}
            description={description === '' ? undefined : description}
          />
        ))}
      </Stack>
    </Radio.Group>
    <TextInput
      label="Expected check value, X9.24-CMAC"
      description="Only if the sender gave it on a way of its own: ten hex digits, or six for short. Left empty, the witness types it from the letter after the key is formed."
      value={choices.expected}
      maxLength={24}
      maw="24em"
      classNames={{ input: 'mono' }}
      spellCheck={false}
      onChange={(event) => {
        set({ expected: event.currentTarget.value });
      }}
    />
  </Stack>
);

export const TokenPart = ({ choices, set }: PartProps) => {
  const tokens = useKeyTokens();
  const keys = useDesk((desk) => desk.keys);
  useTokensHere();
  if (tokens === undefined)
    return (
      <Text role="status">
        <Loader size="xs" mr={8} />
        Asking every library for its tokens
      </Text>
    );
  if (tokens.length === 0)
    return (
      <div className="notice">
        No token for keys is there. Connect one, or{' '}
        <a href="#/tokens/train">make a training token</a>; what was chosen here is lost then.
      </div>
    );
  return (
    <Radio.Group
      label="Token"
      description="The definition names this one by maker, model, serial number and label. No other will do in the room."
      value={choices.at === undefined ? '' : tokenKey(choices.at)}
      onChange={(value) => {
        set({ at: tokens.find(({ at }) => tokenKey(at) === value)?.at });
      }}
    >
      <Stack gap={12} mt={10}>
        {tokens.map(({ at, module, pin }) => {
          const locked = pin === 'locked';
          const taken = keys.some(
            (key) =>
              key.label === choices.label && key.state !== 'destroyed' && sameToken(key.at, at),
          );
          return (
            <Radio
              key={tokenKey(at)}
              value={tokenKey(at)}
              disabled={locked || taken}
              label={`${isolated(at.token.label)}${module.training ? ' (training token)' : ''}`}
              description={
                locked
                  ? 'Its PIN is locked.'
                  : taken
                    ? `It holds a key labelled “${isolated(choices.label)}” already.`
                    : `${at.token.manufacturer}, ${at.token.model}, serial ${at.token.serial}, through ${isolated(module.label)}`
              }
            />
          );
        })}
      </Stack>
    </Radio.Group>
  );
};

export const PeoplePart = ({ choices, set }: PartProps) => {
  const people = useDesk((desk) => desk.people);
  const taken = (seat: Seat, as: 'seats' | 'substitutes') =>
    new Set(
      SEATS.flatMap((other) => [
        ...(other === seat && as === 'seats' ? [] : [choices.seats[other]]),
        ...(other === seat && as === 'substitutes' ? [] : [choices.substitutes[other]]),
      ]),
    );
  const able = (seat: Seat, as: 'seats' | 'substitutes') => {
    const others = taken(seat, as);
    return people.filter(
      ({ id, role, left }) => !left && rolesFor(seat).includes(role) && !others.has(id),
    );
  };
  return (
    <Stack gap="lg">
      <Text c="dimmed">
        One person, one seat. A custodian knows one component and no other; a witness is none of the
        others. A substitute may take the seat only by an exception that is recorded.
      </Text>
      {SEATS.map((seat) => {
        const fits = able(seat, 'seats');
        const spare = able(seat, 'substitutes');
        return (
          <div key={seat} className="fields pairs">
            <NativeSelect
              label={seatName(seat)}
              value={choices.seats[seat] ?? ''}
              data={[
                { value: '', label: fits.length === 0 ? 'Nobody is left for it' : 'Choose' },
                ...fits.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              onChange={(event) => {
                set({ seats: { ...choices.seats, [seat]: event.currentTarget.value } });
              }}
            />
            <NativeSelect
              label={`Substitute for ${seatName(seat)}`}
              value={choices.substitutes[seat] ?? ''}
              data={[
                { value: '', label: 'none' },
                ...spare.map(({ id, name }) => ({ value: id, label: name })),
              ]}
              onChange={(event) => {
                set({ substitutes: { ...choices.substitutes, [seat]: event.currentTarget.value } });
              }}
            />
          </div>
        );
      })}
      {SEATS.some((seat) => able(seat, 'seats').length === 0) ? (
        <div className="notice">
          Somebody is missing: this ceremony takes an administrator, three custodians and a witness
          or auditor. <a href="#/people/enrol">Enrol a person</a>; what was chosen here is lost
          then.
        </div>
      ) : null}
    </Stack>
  );
};
