/** Modules: found, added after a first loading, and approved again when their file changed. */
import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Input } from '../../../shared/contract/index.ts';
import type { ModuleView } from '../../../shared/contract/tokens.ts';
import type { Family } from '../../../shared/domain/tokens.ts';
import { moduleEnvironment, moduleVariables } from '../../../shared/environment.ts';
import { errorData, KeymootError } from '../../../shared/errors.ts';
import type { NewEntry } from '../../core/audit/entry.ts';
import { settingsSha256, type ModuleRow } from '../../store/tables/modules.ts';
import { familyOf, findModules } from '../../tokens/discovery.ts';
import { checkLibrary, hashFile } from '../../tokens/header.ts';
import type { Desk } from '../desk.ts';
import { uuidv7 } from '../ids.ts';
import { moduleAdded } from '../module-facts.ts';
import { byCall, requireRole, type Part } from '../router.ts';
import { MANAGERS } from '../../../shared/domain/people.ts';

/** Loads a module and lists its tokens; a failure is returned and not thrown. */
export const lookAt = async (desk: Desk, row: ModuleRow): Promise<ModuleView> => {
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

/** Records a module; before the desk is founded there is no log yet, and the founding writes the entry. */
export const addModule = (desk: Desk, row: ModuleRow, entry: Partial<NewEntry> = {}): void => {
  const beside = () => {
    desk.store.modules.keepSettings(row);
  };
  if (desk.state !== 'EMPTY')
    desk.journal.record([{ ...moduleAdded(row), ...entry } as NewEntry], { beside });
  else
    desk.store.commit(() => {
      beside();
      desk.store.modules.put({ ...row, settingsSha256: settingsSha256(row) });
    });
};

/** SECURITY: a variable that this library does not read could only serve other code in its process. */
const requireRead = (family: Family, environment: Readonly<Record<string, string>>): void => {
  const read = moduleVariables(family);
  const other = Object.keys(environment).find((name) => !read.includes(name));
  if (other === undefined) return;
  const known = read.length === 0 ? 'none is known' : `known are ${read.join(', ')}`;
  throw new KeymootError(
    'input-invalid',
    `This library does not read the variable ${other}: for its family ${known}. Nothing was added.`,
    { fields: { environment: other } },
  );
};

/** A new module that may be added, or the existing one if it is loaded in the same way. */
type Adding = ModuleRow | { twin: ModuleRow };

const prepare = async (
  { grant, label, parameters, environment }: Input<'modules.add'>,
  desk: Desk,
): Promise<Adding> => {
  const given = desk.takeGrant(grant, 'module');
  if (!isAbsolute(given))
    throw new KeymootError(
      'input-invalid',
      'A module is named by its whole path. Nothing was added.',
    );
  checkLibrary(given);
  const path = realpathSync(given);
  const sha256 = await hashFile(path);
  const family = familyOf(path);
  requireRead(family, environment ?? {});
  const known = desk.store.modules.all().filter((row) => row.path === path);
  // SECURITY: a changed file must be approved, where people see that it changed; adding it again is refused.
  if (known.some((row) => row.sha256 !== sha256))
    throw new KeymootError(
      'module-quarantined',
      'This library was added before and its file is another now. Two people look at the change and approve it; it is not added again. Nothing was added.',
      { fields: { path } },
    );
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
  const twin = known.find((other) => settingsSha256(other) === settingsSha256(row));
  return twin === undefined ? row : { twin };
};

export const modulesHandlers: Part<'modules'> = {
  'modules.find': {
    reads: true,
    run: (_input, { desk }) => {
      const known = new Set(desk.store.modules.all().map(({ path }) => path));
      return findModules().map((found) => ({ ...found, added: known.has(found.path) }));
    },
  },
  'modules.add': {
    run: async (input, call) => {
      const { desk } = call;
      requireRole(call, MANAGERS, 'Adding modules');
      const adding = await prepare(input, desk);
      if ('twin' in adding) return lookAt(desk, adding.twin);
      const { id, path, sha256, family, label } = adding;
      // Loaded once before it is recorded: so a file that is no PKCS#11 module never gets into the list.
      const client = await desk.devices.startRow(adding, sha256, 'look');
      try {
        const view: ModuleView = {
          module: { id, path, sha256, family, label, training: false, state: 'trusted' },
          info: client.info,
          tokens: await client.call('tokens', {}),
        };
        addModule(desk, adding, byCall(call));
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
    run: async ({ module, sha256 }, call) => {
      const { desk } = call;
      requireRole(call, MANAGERS, 'Approving a changed library');
      const row = desk.devices.row(module);
      if ((await hashFile(row.path)) !== sha256)
        throw new KeymootError(
          'module-quarantined',
          'The file is not the one you looked at: it changed again. Nothing was approved.',
        );
      desk.journal.record([
        {
          type: 'token.module_approved',
          detail: { module, sha256, was: row.sha256 },
          ...byCall(call),
        },
      ]);
      await desk.seal();
      desk.emit('tokens.changed', {});
      return desk.devices.record(desk.devices.row(module));
    },
  },
};
