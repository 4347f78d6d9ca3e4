/** PKCS#11 modules and tokens as the log records them. */
import type { Entry } from '../../../shared/log/entries.ts';
import type { Follow } from './follow.ts';
import { settle, unsettle } from './living.ts';
import { isLiving, tokenId, type State, type Token } from './state.ts';

/** The module that an entry is about, which must have been added before. */
const namedModule = (entry: Entry): string | undefined => {
  switch (entry.type) {
    case 'token.module_changed':
    case 'token.module_approved':
    case 'token.module_moved':
    case 'token.init':
    case 'token.probed':
    case 'token.relinked':
      return entry.detail.module;
    case 'key.generate':
    case 'key.import':
    case 'key.wrap':
    case 'key.destroy':
      return entry.detail.module;
    default:
      return undefined;
  }
};

const relink = (state: State, from: string, to: { module: string; token: Token }): void => {
  const there = [...state.keys].filter(({ made }) => tokenId(made.module, made.token) === from);
  for (const key of there) {
    const moved = { ...key, made: { ...key.made, ...to } };
    state.keys.set(key.id, moved);
    if (!isLiving(key)) continue;
    unsettle(state, key);
    settle(state, moved);
  }
};

export const followModules: Follow = (state, entry, { acts, say }) => {
  const named = namedModule(entry);
  const was = entry.type === 'token.relinked' ? entry.detail.was.module : undefined;
  if ([named, was].some((module) => module !== undefined && !state.modules.has(module)))
    say('it names a module that was not added');
  if (entry.type === 'token.module_added' && state.modules.has(entry.detail.module))
    say('it adds a module that was added before');
  if (entry.outcome !== 'success') return;
  switch (entry.type) {
    case 'token.module_added': {
      const { module: id, settings_sha256: settingsSha256, ...rest } = entry.detail;
      state.modules.set(id, { id, settingsSha256, ...rest });
      return;
    }
    case 'token.module_approved': {
      const module = state.modules.get(entry.detail.module);
      if (module !== undefined)
        state.modules.set(module.id, { ...module, sha256: entry.detail.sha256 });
      return;
    }
    case 'token.module_moved': {
      const { module: id, path, sha256, settings_sha256: settingsSha256 } = entry.detail;
      const module = state.modules.get(id);
      if (module !== undefined) state.modules.set(id, { ...module, path, sha256, settingsSha256 });
      return;
    }
    case 'token.init': {
      const { module, token } = entry.detail;
      const keys = acts.filter(({ statement }) => statement.channel === 'tokens.train');
      state.twoAtInit.set(
        tokenId(module, token),
        new Set(keys.map(({ keySha256 }) => keySha256)).size >= 2,
      );
      return;
    }
    case 'token.relinked': {
      const { module, token, was } = entry.detail;
      const [from, to] = [tokenId(was.module, was.token), tokenId(module, token)];
      relink(state, from, { module, token });
      const two = state.twoAtInit.get(from);
      if (two !== undefined && !state.twoAtInit.has(to)) state.twoAtInit.set(to, two);
      return;
    }
    default:
  }
};
