/** The parts of a draft: the key, the token, and who sits where. */
import { Loader, NativeSelect, Radio, Stack, Text, TextInput } from '@mantine/core';
import type { TemplateView } from '../../../shared/contract/ceremonies.ts';
import type { Seat } from '../../../shared/domain/ceremonies.ts';
import type { Policy } from '../../../shared/domain/policy.ts';
import { numberWord } from '../../../shared/number-word.ts';
import { useDesk } from '../../app/desk-store.ts';
import { sameToken, tokenKey, useKeyTokens, useTokensHere } from '../../app/tokens.ts';
import { seatsOf, type Choices } from './draft-choices.ts';
import { rolesFor, seatName } from './words.ts';
import { isolated } from '../../ui/isolated.ts';
import { policyOptions, whyNotByPolicy } from '../../ui/policy-choices.ts';

interface PartProps {
  template: TemplateView;
  choices: Choices;
  set: (next: Partial<Choices>) => void;
}

const DIGITS: Readonly<Record<TemplateView['algorithms'][number], number>> = {
  'AES-128': 32,
  'AES-256': 64,
};
const PURPOSES: Readonly<
  Record<TemplateView['purposes'][number], { label: string; description?: string }>
> = {
  wrap: { label: 'Wrap other keys', description: 'A zone master key or key-encryption key.' },
  encrypt: { label: 'Encrypt and decrypt data' },
  mac: { label: 'Make and check message authentication codes' },
};

const countsOf = ({ components: { least, most } }: TemplateView): number[] =>
  Array.from({ length: Math.max(0, most - least + 1) }, (_, at) => least + at);

export const KeyPart = ({ policy, template, choices, set }: PartProps & { policy: Policy }) => (
  <Stack gap="lg">
    <Radio.Group
      label="Algorithm"
      description="As in the sender’s letter. Every component is as long as the key."
      value={choices.algorithm ?? ''}
      onChange={(value) => {
        set({ algorithm: template.algorithms.find((algorithm) => algorithm === value) });
      }}
    >
      <Stack gap={6} mt={8}>
        {template.algorithms.map((algorithm) => {
          const refused = whyNotByPolicy(policy, 'algorithms', { algorithm });
          return (
            <Radio
              key={algorithm}
              value={algorithm}
              disabled={refused !== undefined}
              label={`${algorithm}: components of ${DIGITS[algorithm]} hex digits`}
              description={refused}
            />
          );
        })}
      </Stack>
    </Radio.Group>
    <NativeSelect
      label="Number of components"
      {...policyOptions(
        policy,
        'components',
        countsOf(template).map((count) => ({
          value: String(count),
          label: String(count),
          refused: whyNotByPolicy(policy, 'components', { count }) !== undefined,
        })),
        'As many as the sender made. Each has an envelope and a custodian of its own.',
      )}
      value={String(choices.components)}
      styles={{ wrapper: { maxWidth: '24em' } }}
      onChange={(event) => {
        set({ components: Number(event.currentTarget.value) });
      }}
    />
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
      value={choices.purpose ?? ''}
      onChange={(value) => {
        set({ purpose: template.purposes.find((purpose) => purpose === value) });
      }}
    >
      <Stack gap={6} mt={8}>
        {template.purposes.map((purpose) => (
          <Radio key={purpose} value={purpose} {...PURPOSES[purpose]} />
        ))}
      </Stack>
    </Radio.Group>
    <TextInput
      label={`Expected check value, ${template.checkMethod}`}
      description="Only if the sender gave it by a way of its own: ten hex digits, or six for short. The key is then formed only if it has this value. Left empty, nothing is compared when it is formed. Either way the witness types it from the letter afterwards."
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

export const TokenPart = ({ choices, set }: Omit<PartProps, 'template'>) => {
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

export const PeoplePart = ({ template, choices, set }: PartProps) => {
  const people = useDesk((desk) => desk.people);
  const seats = seatsOf(template, choices);
  const taken = (seat: Seat, as: 'seats' | 'substitutes') =>
    new Set(
      seats.flatMap((other) => [
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
      {seats.map((seat) => {
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
      {seats.some((seat) => able(seat, 'seats').length === 0) ? (
        <div className="notice">
          Somebody is missing: this ceremony has {numberWord(seats.length)} seats, each for one
          person of its role. <a href="#/people/enrol">Enrol a person</a>; what was chosen here is
          lost then.
        </div>
      ) : null}
    </Stack>
  );
};
