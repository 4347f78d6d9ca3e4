/** Aborting a ceremony: its components become void; its key, if already made, is destroyed first. */
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Input } from '../../../shared/contract/index.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { checkAlive } from '../../core/ceremonies/engine.ts';
import type { Desk } from '../desk.ts';
import { byCall, type Call } from '../router.ts';
import { ceremonyMember, requireSeated } from './ceremony-people.ts';
import { ceremonyView } from './ceremony-view.ts';
import { destroyKey, requireMayDestroy } from './key-destroy.ts';

/** The intent of an unfinished abort. */
const abortIntent = (desk: Desk, id: string): string | undefined =>
  [...desk.journal.state.intents].find(
    ({ type, ceremony }) => type === 'ceremony.abort' && ceremony?.id === id,
  )?.id;

/** The reason given at the beginning, repeated at the end of the abort. */
const planned = (desk: Desk, intent: string | undefined): string | undefined => {
  const entry = intent === undefined ? undefined : desk.journal.state.intents.get(intent);
  return entry?.type === 'ceremony.abort' ? entry.detail.because : undefined;
};

export const abort = async (
  { ceremony: id, because, login, typed }: Input<'ceremonies.abort'>,
  call: Call,
): Promise<CeremonyView> => {
  const { desk, channel } = call;
  const ceremony = desk.ceremonies.get(id);
  if (['CLOSED', 'ABORTED'].includes(ceremony.status)) checkAlive(ceremony);
  const key = ceremony.key === undefined ? undefined : desk.store.keys.get(ceremony.key);
  const living = key?.state === 'destroyed' ? undefined : key;
  if (living !== undefined && call.people.length < 2)
    throw new KeymootError(
      'two-required',
      'The ceremony’s key is in the token and is destroyed by aborting, so two people prove themselves. Nothing was done.',
    );
  // R10, R11: an abort destroys a key that was not released; a released key is destroyed like any other key.
  if (living === undefined || living.state === 'quarantine') requireSeated(ceremony, call);
  else requireMayDestroy(living, typed, call);
  if (ceremony.openIntent !== undefined && ceremony.status !== 'ABORTING')
    throw new KeymootError(
      'recovery-needed',
      'The token’s part was interrupted. Two people settle that first; then the ceremony can be aborted.',
    );
  desk.ceremonies.endHolder(id);
  const member = ceremonyMember(ceremony);
  const serials = [...ceremony.components.values()].map(({ serial }) => serial);
  const begun = ceremony.status === 'ABORTING' ? abortIntent(desk, id) : undefined;
  if (living === undefined) {
    desk.journal.record([
      {
        type: 'ceremony.abort',
        ...(begun === undefined ? {} : { corr: begun }),
        detail: { because: planned(desk, begun) ?? because, gone: true, objects: 0 },
        ...member,
        ...byCall(call),
      },
    ]);
    await desk.seal();
    return ceremonyView(desk, id);
  }
  // R11: ABORTING lasts until the key is proven to be gone; the device may be absent meanwhile.
  if (ceremony.status !== 'ABORTING')
    desk.journal.record([
      {
        type: 'ceremony.abort',
        outcome: 'intent',
        detail: { because },
        ...member,
        ...byCall(call),
      },
    ]);
  if (login === undefined)
    throw new KeymootError(
      'pin-half-missing',
      'The ceremony is being aborted. Its key is in the token and must be destroyed: abort again with both PIN halves.',
      { fields: { serials: serials.join(' ') } },
    );
  desk.signer.require();
  desk.requireSettled(living.at);
  await desk.withPin(login, channel, async (pin) => {
    const objects = await destroyKey(living, call, { pin, lastTry: login.lastTry }, member);
    const intent = abortIntent(desk, id);
    desk.journal.record(
      [
        {
          type: 'ceremony.abort',
          ...(intent === undefined ? {} : { corr: intent }),
          detail: { because: planned(desk, intent) ?? because, gone: true, objects },
          ...member,
          ...byCall(call),
        },
      ],
      { mustSucceed: true },
    );
  });
  await desk.seal();
  return ceremonyView(desk, id);
};
