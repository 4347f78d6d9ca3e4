/** PKCS#11 modules and tokens. */
import { by, declare } from '../declaration.ts';
import { bool, hex64, maybe, shape, text, uuid } from '../rules.ts';
import { token } from '../shapes.ts';
import { act, quoted, tokenName } from '../words.ts';

const moduleFile = shape({ module: uuid, sha256: hex64, was: maybe(hex64) });

const initialised = shape({ module: uuid, token, training: bool });

const probed = shape({ module: uuid, token, sheet_sha256: hex64 });

export const tokenTypes = {
  /** Needs no acts before a policy is in force: during the founding there are no members who could agree. */
  'token.module_added': declare(
    shape({
      module: uuid,
      path: text(1024),
      sha256: hex64,
      family: text(32),
      label: text(64),
      settings_sha256: hex64,
    }),
    {
      outside: by('managers', 2, 'modules.add', 'tokens.train'),
      inside: 'never',
      sentence: (d) => `Added the PKCS#11 library “${d.label}”`,
    },
  ),
  'token.module_changed': declare(moduleFile, {
    sentence: () => 'A PKCS#11 library changed on disk and was quarantined',
  }),
  'token.module_approved': declare(moduleFile, {
    outside: by('managers', 2, 'modules.approve'),
    inside: 'never',
    sentence: () => 'Approved a changed PKCS#11 library',
  }),
  'token.module_moved': declare(
    shape({
      module: uuid,
      path: text(1024),
      sha256: hex64,
      settings_sha256: hex64,
      was: text(1024),
    }),
    {
      outside: by('managers', 2, 'modules.relink'),
      inside: 'never',
      sentence: (d) => `A PKCS#11 library is now loaded from ${d.path}, and was from ${d.was}`,
    },
  ),
  'token.init': declare(initialised, {
    desk: ['token'],
    sentence: (d, say) =>
      act(
        say,
        'initialising',
        'Initialised',
        `${d.training ? 'training ' : ''}token “${d.token.label}”`,
      ),
  }),
  'token.probed': declare(probed, {
    desk: ['sheet_sha256'],
    sentence: (d) => `Looked at what token “${d.token.label}” can do`,
  }),
  'token.relinked': declare(shape({ module: uuid, token, was: shape({ module: uuid, token }) }), {
    outside: by('managers', 2, 'tokens.relink'),
    inside: 'never',
    sentence: (d) =>
      `The keys of token${quoted(tokenName(d.was.token))} are now on token${quoted(tokenName(d.token))}`,
  }),
} as const;
