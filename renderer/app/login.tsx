/** A token's PIN: both halves, taken out of their fields once, and what must be said before the last try that a token leaves. */
import { useRef, useState } from 'react';
import type { ChannelName } from '../../shared/contract/index.ts';
import type { TokenRef } from '../../shared/domain/tokens.ts';
import { pinHalves, type Answer } from '../bridge/bridge.ts';
import { LastTry } from '../ui/last-try.tsx';
import { PinFields, type PinHandles } from '../ui/pin-fields.tsx';
import type { SecretHandle } from '../ui/secret-field.tsx';
import { usePinState } from './tokens.ts';

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
  /** Seals both halves for one channel; the fields are empty then. */
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
  at: TokenRef | undefined;
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
  return {
    at,
    handles,
    sure,
    setSure,
    take: async (channel) => {
      const halves = await take(channel);
      return halves.ok ? { ok: true, value: { ...halves.value, lastTry: sure } } : halves;
    },
  };
};

/** @param of whose PIN: “Log token’s PIN” */
export const LoginFields = ({ of, login }: { of: string; login: Login }) => {
  const state = usePinState(login.at);
  return (
    <>
      <PinFields of={of} handles={login.handles} />
      <LastTry pin={state} sure={login.sure} onChange={login.setSure} />
    </>
  );
};
