/** The service's view of one export, queried again whenever the log grows. */
import { useCallback, useEffect, useState } from 'react';
import type { AwsAlgorithm, ExportView } from '../../../shared/contract/exports.ts';
import type { Family, TokenRef } from '../../../shared/domain/tokens.ts';
import type { KeySummary } from '../../../shared/domain/keys.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { useDesk } from '../../app/desk-store.ts';
import { call } from '../../bridge/bridge.ts';

export const useExport = (id: string) => {
  const change = useDesk(({ changes, link }) => `${changes.log} ${link.state}`);
  const [asked, setAsked] = useState(0);
  const [state, setState] = useState<{ view?: ExportView; error?: ErrorData }>({});
  useEffect(() => {
    let late = false;
    void call('exports.show', { export: id }).then((answer) => {
      if (late) return;
      setState((before) =>
        answer.ok ? { view: answer.value } : { ...before, error: answer.error },
      );
    });
    return () => {
      late = true;
    };
  }, [id, change, asked]);
  return {
    ...state,
    set: useCallback((view: ExportView) => {
      setState({ view });
    }, []),
    again: useCallback(() => {
      setAsked((times) => times + 1);
    }, []),
  };
};

export const HASH: Readonly<Record<AwsAlgorithm, string>> = {
  RSAES_OAEP_SHA_256: 'SHA-256',
  RSAES_OAEP_SHA_1: 'SHA-1',
};

/** Why a key can't be exported to AWS KMS, or undefined. The service applies the same rules and decides. */
export const whyNot = ({ state, algorithm, extractable }: KeySummary): string | undefined => {
  if (state === 'destroyed') return 'It has been destroyed.';
  if (state !== 'active') return `It is in ${state}; only an active key is exported.`;
  if (algorithm !== 'AES-256')
    return `AWS KMS takes a symmetric key of 256 bits; this one is ${algorithm}.`;
  if (!extractable)
    return 'It was made so that it can’t leave its token, not even wrapped. A key for export is made with that purpose from the start.';
  return undefined;
};

export const useFamily = (at: TokenRef | undefined): Family | undefined =>
  useDesk(({ modules }) => modules?.find(({ module }) => module.id === at?.module)?.module.family);

export const STATES: Readonly<
  Record<ExportView['state'], { shape: string; tone?: 'due' | 'stop'; due: string }>
> = {
  REQUESTED: { shape: '◇', tone: 'due', due: 'Carry the parameters in' },
  'PARAMETERS LOADED': { shape: '◔', tone: 'due', due: 'Compare the wrapping key' },
  CONFIRMED: { shape: '◑', tone: 'due', due: 'Wrap the key' },
  WRAPPED: { shape: '■', due: 'Carry the package out' },
  EXPIRED: { shape: '✕', tone: 'stop', due: 'Carry fresh parameters in' },
};
