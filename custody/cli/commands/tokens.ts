/** `modules`, `tokens`, `probe`: libraries, the tokens behind them, and what they can. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Output } from '../../../shared/contract/index.ts';
import type { ModuleView } from '../../../shared/contract/tokens.ts';
import type { ModuleRecord, PinState } from '../../../shared/domain/tokens.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { CKO } from '../../../shared/token/cryptoki.ts';
import { fromHere, realFile } from '../files.ts';
import { tokenNamed, type NamedToken } from '../names.ts';
import { atDesk, type Session } from '../session.ts';
import { clean, facts, hexLines, table } from '../show.ts';

const PIN_WORDS: Record<PinState, string> = {
  ok: 'set',
  'count-low': 'a wrong PIN was tried',
  'final-try': 'ONE TRY LEFT',
  locked: 'LOCKED',
  'not-set': 'not set',
  unknown: 'unknown',
};

const moduleTable = (modules: readonly ModuleRecord[]): string[] =>
  modules.length === 0
    ? ['No library was added yet. “keymoot modules find” looks at the usual places.']
    : table(
        ['label', 'kind', 'state', 'id', 'file'],
        modules.map(({ label, family, state, id, path }) => [label, family, state, id, path]),
      );

export const list = atDesk(async (desk) => {
  const value = await desk.call('modules.list', {});
  return { value, lines: moduleTable(value) };
});

export const find = atDesk(async (desk) => {
  const value = await desk.call('modules.find', {});
  return {
    value,
    lines:
      value.length === 0
        ? [
            'No known library is at any of the usual places. “keymoot modules add PATH --label L” takes any other.',
          ]
        : table(
            ['library', 'kind', '', 'file'],
            value.map(({ label, family, path, added }) => [
              label,
              family,
              added ? 'added' : 'not added',
              path,
            ]),
          ),
  };
});

export const add = atDesk(async (desk) => {
  const { asked } = desk;
  const path = fromHere(asked.word(0));
  const label = asked.one('label');
  const parameters = asked.maybe('parameters');
  const environment = Object.fromEntries(asked.pairs('set'));
  const people = await desk.byUnlessFounding(2);
  const value = await desk.act('modules.add', people, async () => ({
    grant: await desk.client.grant('module', path),
    label,
    ...(parameters === undefined ? {} : { parameters }),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
  }));
  return {
    value,
    lines: [
      `“${clean(value.module.label)}” is added.`,
      ...facts([
        ['id', value.module.id],
        ['file', value.module.path],
        ['SHA-256', value.module.sha256],
        [
          'library',
          value.info === undefined
            ? undefined
            : `${value.info.manufacturer}, ${value.info.description} ${value.info.version}`,
        ],
        [
          'tokens',
          value.tokens.map(({ identity }) => `“${identity.label}”`).join(', ') || 'none now',
        ],
      ]),
    ],
  };
});

const hashFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw new KeymootError(
      'module-missing',
      'The library’s file can’t be read, so there is nothing to approve.',
      { cause },
    );
  }
  return hash.digest('hex');
};

/** By id, label or file. */
const moduleNamed = (modules: readonly ModuleRecord[], name: string): ModuleRecord | undefined => {
  const path = realFile(name);
  const found = modules.filter(
    (module) => module.id === name || module.label === name || module.path === path,
  );
  if (found.length > 1)
    throw new KeymootError(
      'ambiguous',
      `${found.length} libraries answer to “${clean(name)}”. Use the id that “keymoot modules” shows.`,
      {
        fields: { module: name },
      },
    );
  return found[0];
};

export const approve = atDesk(async (desk) => {
  const name = desk.asked.word(0);
  const module = moduleNamed(await desk.call('modules.list', {}), name);
  if (module === undefined)
    throw new KeymootError(
      'not-found',
      `This desk has no library “${clean(name)}”. “keymoot modules” lists them.`,
      { fields: { module: name } },
    );
  const people = await desk.by(2);
  const sha256 = await hashFile(module.path);
  if (!desk.asked.json)
    desk.say([
      `The file of “${clean(module.label)}” as it is now. Compare it with what the vendor says:`,
      '',
      ...hexLines(sha256),
      '',
    ]);
  const value = await desk.act('modules.approve', people, () => ({ module: module.id, sha256 }));
  return {
    value,
    lines: [`“${clean(value.label)}” may be loaded again.`, ...(await desk.sealNote())],
  };
});

export const tokens = atDesk(async (desk) => {
  const value = await desk.call('tokens.list', {});
  const rows = value.flatMap(({ module, tokens: shown }) =>
    shown.map(({ identity, initialised, userPin }) => [
      initialised ? identity.label : '(empty slot)',
      identity.serial,
      [identity.manufacturer, identity.model].filter((text) => text !== '').join(' '),
      initialised ? PIN_WORDS[userPin] : '–',
      module.training ? `${module.label}, TRAINING ONLY` : module.label,
    ]),
  );
  const broken = value.flatMap(({ module, error }) =>
    error === undefined ? [] : [`! ${clean(module.label)}: ${clean(error.message)}`],
  );
  return {
    value,
    lines: [
      ...(rows.length === 0
        ? ['No token is here.']
        : table(['label', 'serial', 'made by', 'PIN', 'library'], rows)),
      ...broken,
    ],
  };
});

const KINDS = new Map<number, string>(
  Object.entries(CKO).map(([name, number]) => [number, name.toLowerCase().replaceAll('_', ' ')]),
);

export const objects = atDesk(async (desk) => {
  const { asked } = desk;
  const { at } = tokenNamed(await desk.call('tokens.list', {}), asked.word(0));
  const people = await desk.by(1);
  const { label } = at.token;
  const loginWanted = asked.flag('login');
  await desk.passphrasesOf(people);
  if (loginWanted) await desk.pinOf(label);
  const value = await desk.act('tokens.objects', people, async () => ({
    at,
    ...(loginWanted ? { login: await desk.login(label, 'tokens.objects') } : {}),
  }));
  const yes = (flag: unknown): string => (flag === true ? 'yes' : flag === false ? 'no' : '–');
  return {
    value,
    lines: [
      value.publicView
        ? 'What the token shows to everyone. Private objects are not here: add --login.'
        : 'Everything on the token that this PIN may see.',
      '',
      ...(value.objects.length === 0
        ? ['Nothing.']
        : table(
            ['class', 'label', 'id', 'sensitive', 'extractable'],
            value.objects.map(({ objectClass, label: name, ckaid, attributes }) => [
              KINDS.get(objectClass) ?? String(objectClass),
              name,
              ckaid,
              yes(attributes['CKA_SENSITIVE']),
              yes(attributes['CKA_EXTRACTABLE']),
            ]),
          )),
    ],
  };
});

interface Sheet {
  token: NamedToken['at'];
  module: ModuleRecord;
  can: Output<'tokens.can'>;
}

const sheetOf = async (desk: Session, { at, view }: NamedToken): Promise<Sheet> => ({
  token: at,
  module: view.module,
  can: await desk.call('tokens.can', { at }),
});
const sheetLines = ({ token, module, can }: Sheet): string[] => [
  `Token “${clean(token.token.label)}” (${clean(token.token.manufacturer)} ${clean(token.token.model)}), library “${clean(module.label)}”`,
  '',
  ...table(
    ['makes', '', 'because'],
    can.map(({ algorithm, can: able, why }) => [algorithm, able ? 'yes' : 'no', why]),
  ).map((line) => `  ${line}`),
];

/** The modules or the token that PATH-or-LABEL means. */
const probed = async (desk: Session, name: string): Promise<NamedToken[]> => {
  const views = await desk.call('tokens.list', {});
  const module = moduleNamed(
    views.map((view) => view.module),
    name,
  );
  if (module === undefined) {
    const path = realFile(name);
    const known = (await desk.call('modules.find', {})).find(
      (found) => realFile(found.path) === path,
    );
    if (name.includes('/') || name.includes('\\') || known !== undefined)
      throw new KeymootError(
        'not-found',
        `That library was not added to this desk yet, so it is not loaded. Add it first: keymoot modules add ${clean(path)} --label "${known?.label ?? 'NAME'}"`,
        { fields: { module: name } },
      );
    return [tokenNamed(views, name)];
  }
  const view = views.find((one) => one.module.id === module.id) as ModuleView;
  if (view.error !== undefined)
    throw new KeymootError(
      view.error.code,
      view.error.message,
      view.error.fields === undefined ? {} : { fields: view.error.fields },
    );
  return view.tokens
    .filter(({ initialised }) => initialised)
    .map(({ identity }) => ({ at: { module: module.id, token: identity }, view }));
};

export const probe = atDesk(async (desk) => {
  const sheets: Sheet[] = [];
  for (const token of await probed(desk, desk.asked.word(0)))
    sheets.push(await sheetOf(desk, token));
  return {
    value: sheets.map(({ token, module, can }) => ({ at: token, module, can })),
    lines:
      sheets.length === 0
        ? ['The library loads, and shows no token that was initialised.']
        : sheets.flatMap((sheet) => [...sheetLines(sheet), '']),
  };
});
