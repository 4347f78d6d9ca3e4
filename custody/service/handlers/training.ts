/** Throw-away training tokens, made in one call: software on this computer, in the desk's own folder. */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Input, Output } from '../../../shared/contract/index.ts';
import type { TokenIdentity } from '../../../shared/domain/tokens.ts';
import { KeymootError } from '../../../shared/errors.ts';
import type { ModuleRow } from '../../store/tables/modules.ts';
import { wellKnownPaths } from '../../tokens/discovery.ts';
import { hashFile } from '../../tokens/header.ts';
import type { Desk } from '../desk.ts';
import { uuidv7 } from '../ids.ts';
import { byCall, requireRole, type Call } from '../router.ts';
import { addModule } from './modules.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

const libraryOf = (family: 'softhsm' | 'nss'): string => {
  const path = wellKnownPaths(family).find((candidate) => existsSync(candidate));
  if (path === undefined)
    throw new KeymootError(
      'module-missing',
      family === 'softhsm'
        ? 'SoftHSM is not installed, so no training token for ceremonies can be made. On Debian: apt install softhsm2.'
        : 'NSS is not installed, so no training token for exports can be made. On Debian: apt install libnss3.',
    );
  return realpathSync(path);
};

/** SoftHSM keeps all training tokens of a desk in one folder, behind one configuration; each NSS token is a database and so a module of its own. */
const trainingModule = async (
  { family, label }: Input<'tokens.train'>,
  desk: Desk,
): Promise<ModuleRow> => {
  const known = desk.store.modules
    .all()
    .find((row) => family === 'softhsm' && row.training && row.family === family);
  if (known !== undefined) return known;
  const id = uuidv7();
  const path = libraryOf(family);
  const common = { id, path, sha256: await hashFile(path), family, training: true };
  const folder = join(desk.store.folder, 'training', family === 'nss' ? `nss-${id}` : family);
  return family === 'softhsm'
    ? {
        ...common,
        label: 'SoftHSM (training)',
        environment: { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') },
        parameters: undefined,
      }
    : {
        ...common,
        label: `NSS ${label} (training)`,
        environment: {},
        parameters: `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='${label}'`,
      };
};

/** Makes the folders in which the module stores its tokens. */
const makePlace = ({ id, environment }: ModuleRow, desk: Desk): void => {
  const config = environment['SOFTHSM2_CONF'];
  if (config === undefined) {
    mkdirSync(join(desk.store.folder, 'training', `nss-${id}`), { recursive: true, mode: 0o700 });
    return;
  }
  const tokens = join(dirname(config), 'tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  if (!existsSync(config))
    writeFileSync(
      config,
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\nslots.mechanisms = ALL\n`,
      { mode: 0o600, flag: 'wx' },
    );
};

/** The library is a module like any other: the people who make the first token on it also sign the adding of the library. */
const bringIn = (row: ModuleRow, call: Call): void => {
  if (call.desk.store.modules.get(row.id) !== undefined) return;
  requireRole(call, MANAGERS, 'Adding modules');
  if (call.desk.state === 'READY' && call.people.length < 2)
    throw new KeymootError(
      'two-required',
      'The library of this token comes in with it, which takes proofs by two administrators or officers. Nothing was made.',
    );
  makePlace(row, call.desk);
  addModule(call.desk, row, byCall(call));
};

export const train = async (
  input: Input<'tokens.train'>,
  call: Call,
): Promise<Output<'tokens.train'>> => {
  const { desk, channel } = call;
  const { family, label, soPin, userPin } = input;
  if (desk.journal.mode === 'production')
    throw new KeymootError(
      'policy-refused',
      'A production desk has no training tokens. Nothing was made. Found a rehearsal desk for them.',
    );
  const user = desk.takePin(userPin, channel);
  const so = soPin === undefined ? undefined : desk.takePin(soPin, channel);
  try {
    desk.checkNewHalves(user);
    if (so !== undefined) desk.checkNewHalves(so);
    const row = await trainingModule(input, desk);
    let token: TokenIdentity;
    if (family === 'softhsm') {
      if (so === undefined)
        throw new KeymootError(
          'pin-half-missing',
          'A SoftHSM token has a security officer’s PIN too: give both its halves. Nothing was made.',
        );
      bringIn(row, call);
      const taken = await desk.devices.with(row.id, 'look', (client) => client.call('tokens', {}));
      if (taken.some(({ identity, initialised }) => initialised && identity.label === label))
        throw new KeymootError(
          'label-taken',
          `There is a training token “${label}” already. Nothing was made. Choose another name.`,
        );
      token = await desk.devices.with(row.id, 'act', (client) =>
        client.call('initToken', { label, soPin: so, userPin: user }, { wipe: true }),
      );
    } else {
      bringIn(row, call);
      token = await desk.devices.with(row.id, 'act', async (client) => {
        const tokens = await client.call('tokens', {});
        const mine = tokens.find(({ identity }) => identity.label === label);
        if (mine === undefined)
          throw new KeymootError('token-missing', 'NSS does not show the new database.');
        return client.call('initPin', { token: mine.identity, userPin: user }, { wipe: true });
      });
    }
    if (desk.state !== 'EMPTY')
      desk.journal.record([
        {
          type: 'token.init',
          tokenSerial: token.serial,
          detail: { module: row.id, token, training: true },
          ...byCall(call),
        },
      ]);
    desk.emit('tokens.changed', {});
    return {
      at: { module: row.id, token },
      claims: [
        { says: 'device', claim: `The token is initialised and has a user PIN.` },
        {
          says: 'desk',
          claim: 'It is a training token: software on this computer, for rehearsals only.',
        },
        {
          says: 'desk',
          claim:
            call.people.length >= 2
              ? 'Its PIN was set in two halves while two people proved themselves.'
              : 'Single control: no two people proved themselves when its PIN was set, so one person may know all of it.',
        },
      ],
    };
  } finally {
    for (const pin of [user, so]) {
      pin?.first.fill(0);
      pin?.second.fill(0);
    }
  }
};
