/** Exit codes of the command line: stable, so that scripts can rely on them. `verify` has its own (resources/formats/audit-log.md, section 11). */
import type { ErrorCode } from '../../shared/errors.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  recovery: 4,
  busy: 5,
  internal: 70,
  interrupted: 130,
} as const;

/** As `keymoot help` prints them. */
export const EXIT_WORDS: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'it failed: a token, a file, a name that was not found'],
  [EXIT.usage, 'the command was not given as it must be, or something it needs was not given'],
  [EXIT.refused, 'refused: a proof, a role, the policy, or the present state'],
  [
    EXIT.recovery,
    'examine the desk before anything else: something is unfinished, or does not agree',
  ],
  [EXIT.busy, 'another Keymoot has this desk open'],
  [EXIT.internal, 'a mistake of Keymoot’s own'],
  [EXIT.interrupted, 'stopped by Ctrl-C; what was acknowledged is safe'],
];

/** Codes that mean: examine the desk's state before any further command. */
const RECOVERY: readonly ErrorCode[] = [
  'recovery-needed',
  'log-mismatch',
  'store-tampered',
  'store-damaged',
];
const REFUSED: readonly ErrorCode[] = [
  'act-required',
  'act-refused',
  'two-required',
  'presence-required',
  'role-refused',
  'policy-refused',
  'step-refused',
  'state-refused',
  'readback-wrong',
  'wrapping-key-refused',
  'params-expired',
  'mechanism-unsupported',
];

export const exitCodeOf = (code: ErrorCode): number => {
  if (code === 'internal') return EXIT.internal;
  if (code === 'desk-busy') return EXIT.busy;
  if (code === 'cancelled') return EXIT.interrupted;
  if (code === 'input-invalid') return EXIT.usage;
  if (RECOVERY.includes(code)) return EXIT.recovery;
  return REFUSED.includes(code) ? EXIT.refused : EXIT.failed;
};
