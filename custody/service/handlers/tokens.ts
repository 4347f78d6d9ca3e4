/** Modules and tokens: found, added, looked at, and throw-away training tokens made in one call. */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Algorithm } from '../../../shared/domain/keys.ts';
import { ALGORITHMS } from '../../../shared/domain/keys.ts';
import type { TokenIdentity } from '../../../shared/domain/tokens.ts';
import { errorData, KeymootError } from '../../../shared/errors.ts';
import { CKM } from '../../../shared/token/cryptoki.ts';
import type { ModuleRow } from '../../store/tables/modules.ts';
import {
  familyOf,
  findModules,
  hashFile,
  moduleEnvironment,
  wellKnownPaths,
} from '../../tokens/discovery.ts';
import { checkLibrary } from '../../tokens/header.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import type { Desk } from '../desk.ts';
import { uuidv7 } from '../ids.ts';
import { byCall, requireRole, type Part } from '../router.ts';
import type { ModuleView } from '../../../shared/contract/tokens.ts';

const look = async (desk: Desk, row: ModuleRow): Promise<ModuleView> => {
  const module = await desk.devices.record(row);
  try {
    return await desk.devices.with(row.id, 'look', async (client) => ({
      module,
      info: client.info,
      tokens: await client.call('tokens', {}),
    }));
  } catch (error) {
    return { module, tokens: [], error: errorData(error) };
  }
};

const added = (row: ModuleRow): NewEntry => ({
  type: 'token.module_added',
  detail: {
    module: row.id,
    path: row.path,
    sha256: row.sha256,
    family: row.family,
    label: row.label,
  },
});

/** Records a module; before the desk is founded there is no log yet, and founding writes the entry. */
const addModule = (desk: Desk, row: ModuleRow, entry: Partial<NewEntry> = {}): void => {
  const apply = () => {
    desk.store.modules.insert(row);
  };
  if (desk.state === 'EMPTY') desk.store.commit(apply);
  else desk.journal.record([{ ...added(row), ...entry } as NewEntry], { apply });
};

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

/** SoftHSM keeps all training tokens of a desk in one folder, behind one configuration. */
const softhsmModule = async (desk: Desk): Promise<ModuleRow> => {
  const known = desk.store.modules
    .all()
    .find(({ training, family }) => training && family === 'softhsm');
  if (known !== undefined) return known;
  const folder = join(desk.store.folder, 'training', 'softhsm');
  const config = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'), { recursive: true, mode: 0o700 });
  if (!existsSync(config))
    writeFileSync(
      config,
      `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = true\nslots.mechanisms = ALL\n`,
      { mode: 0o600, flag: 'wx' },
    );
  const path = libraryOf('softhsm');
  const row: ModuleRow = {
    id: uuidv7(),
    path,
    sha256: await hashFile(path),
    family: 'softhsm',
    label: 'SoftHSM (training)',
    training: true,
    environment: { SOFTHSM2_CONF: config },
    parameters: undefined,
  };
  addModule(desk, row);
  return row;
};

/** Each NSS training token is a database of its own, and so a module of its own. */
const nssModule = async (desk: Desk, label: string): Promise<ModuleRow> => {
  const id = uuidv7();
  const folder = join(desk.store.folder, 'training', `nss-${id}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = libraryOf('nss');
  const row: ModuleRow = {
    id,
    path,
    sha256: await hashFile(path),
    family: 'nss',
    label: `NSS ${label} (training)`,
    training: true,
    environment: {},
    parameters: `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='${label}'`,
  };
  addModule(desk, row);
  return row;
};

const GENERATES: Readonly<Record<string, readonly Algorithm[]>> = {
  [CKM.AES_KEY_GEN]: ['AES-128', 'AES-192', 'AES-256'],
  [CKM.RSA_PKCS_KEY_PAIR_GEN]: ['RSA-2048', 'RSA-3072', 'RSA-4096'],
  [CKM.EC_KEY_PAIR_GEN]: ['P-256', 'P-384', 'P-521'],
  [CKM.EC_EDWARDS_KEY_PAIR_GEN]: ['Ed25519'],
};

export const tokensHandlers: Part<'modules' | 'tokens'> = {
  'modules.find': {
    reads: true,
    run: (_input, { desk }) => {
      const known = new Set(desk.store.modules.all().map(({ path }) => path));
      return findModules().map((found) => ({ ...found, added: known.has(found.path) }));
    },
  },
  'modules.add': {
    run: async ({ grant, label, parameters, environment }, call) => {
      const { desk } = call;
      requireRole(call, ['administrator', 'officer', 'operator'], 'Adding modules');
      const given = desk.takeGrant(grant, 'module');
      if (!isAbsolute(given))
        throw new KeymootError('input-invalid', 'A module is named by its whole path.');
      checkLibrary(given);
      const path = realpathSync(given);
      const known = desk.store.modules.all();
      const twin = known.find(
        (row) =>
          row.path === path &&
          row.parameters === parameters &&
          !row.training &&
          environment === undefined,
      );
      if (twin !== undefined) return look(desk, twin);
      const sha256 = await hashFile(path);
      const family = familyOf(path);
      const row: ModuleRow = {
        id: uuidv7(),
        path,
        sha256,
        family,
        label,
        training: false,
        environment: { ...moduleEnvironment(family, process.env), ...environment },
        parameters,
      };
      // Loaded once before it is recorded: what is no PKCS#11 module never gets into the list.
      const client = await desk.devices.startRow(row, sha256, 'look');
      try {
        const view: ModuleView = {
          module: { id: row.id, path, sha256, family, label, training: false, state: 'trusted' },
          info: client.info,
          tokens: await client.call('tokens', {}),
        };
        addModule(desk, row, byCall(call));
        desk.emit('tokens.changed', {});
        return view;
      } finally {
        await desk.devices.end(client);
      }
    },
  },
  'modules.list': {
    reads: true,
    run: (_input, { desk }) =>
      Promise.all(desk.store.modules.all().map((row) => desk.devices.record(row))),
  },
  'modules.approve': {
    about: ({ sha256 }) => ({ subject: { kind: 'module', sha256 } }),
    run: async ({ module, sha256 }, call) => {
      const { desk } = call;
      requireRole(call, ['administrator', 'officer'], 'Approving a changed library');
      const row = desk.devices.row(module);
      if ((await hashFile(row.path)) !== sha256)
        throw new KeymootError(
          'module-quarantined',
          'The file is not the one you looked at: it changed again. Nothing was approved.',
        );
      desk.journal.record(
        [
          {
            type: 'token.module_approved',
            detail: { module, sha256, was: row.sha256 },
            ...byCall(call),
          },
        ],
        {
          apply: () => {
            desk.store.modules.approve(module, sha256);
          },
        },
      );
      await desk.seal();
      desk.emit('tokens.changed', {});
      return desk.devices.record(desk.devices.row(module));
    },
  },
  'tokens.list': {
    reads: true,
    run: (_input, { desk }) =>
      Promise.all(
        desk.store.modules.all().map(async (row) => {
          const seen = await desk.watch.look(row);
          if (seen === undefined) return look(desk, row);
          return { module: await desk.devices.record(row), ...seen };
        }),
      ),
  },
  'tokens.watch': {
    reads: true,
    run: ({ on }, { desk }) => {
      if (on) desk.watch.start();
      else desk.watch.stop();
      return {};
    },
  },
  'tokens.train': {
    run: async ({ family, label, soPin, userPin }, call) => {
      const { desk, channel } = call;
      if (desk.journal.mode === 'production')
        throw new KeymootError(
          'policy-refused',
          'A production desk has no training tokens. Found a rehearsal desk for them.',
        );
      const user = desk.takePin(userPin, channel);
      const so = soPin === undefined ? undefined : desk.takePin(soPin, channel);
      try {
        desk.checkNewHalves(user);
        if (so !== undefined) desk.checkNewHalves(so);
        let row: ModuleRow;
        let token: TokenIdentity;
        if (family === 'softhsm') {
          if (so === undefined)
            throw new KeymootError(
              'pin-half-missing',
              'A SoftHSM token has a security officer’s PIN too: give both its halves.',
            );
          row = await softhsmModule(desk);
          const taken = await desk.devices.with(row.id, 'look', (client) =>
            client.call('tokens', {}),
          );
          if (taken.some(({ identity, initialised }) => initialised && identity.label === label))
            throw new KeymootError(
              'label-taken',
              `There is a training token “${label}” already. Choose another name.`,
            );
          token = await desk.devices.with(row.id, 'act', (client) =>
            client.call('initToken', { label, soPin: so, userPin: user }, { wipe: true }),
          );
        } else {
          row = await nssModule(desk, label);
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
          ],
        };
      } finally {
        for (const pin of [user, so]) {
          pin?.first.fill(0);
          pin?.second.fill(0);
        }
      }
    },
  },
  'tokens.can': {
    reads: true,
    run: async ({ at }, { desk }) => {
      const mechanisms = await desk.devices.with(at.module, 'look', (client) =>
        client.call('mechanisms', { token: at.token }),
      );
      const able = new Set(mechanisms.flatMap((mechanism) => GENERATES[mechanism] ?? []));
      return ALGORITHMS.map((algorithm) => ({
        algorithm,
        can: able.has(algorithm),
        why: able.has(algorithm)
          ? 'The token lists the mechanism; it is proven when a key is made and read back.'
          : 'The token does not list a mechanism that makes this kind of key.',
      }));
    },
  },
  'tokens.objects': {
    reads: true,
    run: async ({ at, login }, { desk, channel }) => {
      const pin = login === undefined ? undefined : desk.takePin(login, channel);
      try {
        const objects = await desk.devices.with(
          at.module,
          pin === undefined ? 'look' : 'act',
          (client) =>
            client.call('list', {
              token: at.token,
              ...(pin === undefined ? {} : { pin }),
              lastTry: login?.lastTry ?? false,
            }),
        );
        return { token: at.token, publicView: pin === undefined, objects };
      } finally {
        pin?.first.fill(0);
        pin?.second.fill(0);
      }
    },
  },
};
