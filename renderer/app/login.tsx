/** A token's PIN: both halves, taken from their fields once, and the warning before the last try that a token permits. */
import { useRef, useState } from 'react';
import type { ChannelName } from '../../shared/contract/index.ts';
import type { PinState, TokenRef } from '../../shared/domain/tokens.ts';
import { pinHalves, type Answer } from '../bridge/bridge.ts';
import { PinFields, type PinHandles } from '../ui/pin-fields.tsx';
import { PinWarning } from '../ui/pin-warning.tsx';
import type { SecretHandle } from '../ui/secret-field.tsx';
import { usePinState, useTokensHere } from './tokens.ts';

/** Both halves as bytes, or what is missing. */
export const takeHalves = ({
  first,
  second,
}: PinHandles): Answer<readonly [Uint8Array, Uint8Array]> => {
  const empty = [first, second].find(({ current }) => current?.filled() !== true);
  if (first.current === null || second.current === null || empty !== undefined) {
    empty?.current?.focus();
    return {
      ok: false,
      error: {
        code: 'pin-half-missing',
        message: 'A half of the token’s PIN has not been typed. Nothing was done.',
      },
    };
  }
  return { ok: true, value: [first.current.take(), second.current.take()] };
};

export interface Pins {
  handles: PinHandles;
  /** Seals both halves for one channel and empties the fields. */
  take: (channel: ChannelName) => Promise<Answer<{ first: string; second: string }>>;
}

export const usePins = (): Pins => {
  const first = useRef<SecretHandle>(null);
  const second = useRef<SecretHandle>(null);
  const handles: PinHandles = { first, second };
  return {
    handles,
    take: async (channel) => {
      const halves = takeHalves(handles);
      return halves.ok ? pinHalves(halves.value, channel) : halves;
    },
  };
};

export interface Login {
  /** The state of the PIN as the token reports it. */
  pin: PinState | undefined;
  handles: PinHandles;
  sure: boolean;
  setSure: (sure: boolean) => void;
  take: (
    channel: ChannelName,
  ) => Promise<Answer<{ first: string; second: string; lastTry: boolean }>>;
}

export const useLogin = (at: TokenRef | undefined): Login => {
  const { handles, take } = usePins();
  const [sure, setSure] = useState(false);
  const pin = usePinState(at);
  return {
    pin,
    handles,
    sure,
    setSure,
    take: async (channel) => {
      if (pin === 'final-try' && !sure)
        return {
          ok: false,
          error: {
            code: 'pin-last-try',
            message:
              'One try is left before this PIN locks. It was not used, and what was typed is still there. Say above that you want to use it.',
          },
        };
      const halves = await take(channel);
      // Each use of the last try must be confirmed again.
      if (halves.ok) setSure(false);
      return halves.ok ? { ok: true, value: { ...halves.value, lastTry: sure } } : halves;
    },
  };
};

/** @param of the PIN's owner, as in “Log token’s PIN” */
export const LoginFields = ({ of, login }: { of: string; login: Login }) => {
  useTokensHere();
  return (
    <>
      <PinWarning pin={login.pin} sure={login.sure} onChange={login.setSure} />
      <PinFields of={of} handles={login.handles} />
    </>
  );
};
