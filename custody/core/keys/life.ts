/**
 * The states of a key and how it goes from one to another: the one table of it (NIST SP 800-57 part 1 rev. 5, section 7; resources/formats/audit-log.md, section 13).
 *
 * `quarantine` is ours: a key that a ceremony made and has not compared yet. `not-found` is what a search for it said; it may turn up again.
 */
import type { KeyState } from '../state/state.ts';

interface Transition {
  from: readonly KeyState[];
  to: KeyState;
  /** Only within the ceremony that made the key. */
  inItsCeremony?: true;
}
/** Transitions that an entry of type `key.state` may make; destroying has its own entries. */
export const TRANSITIONS: readonly Transition[] = [
  { from: ['quarantine'], to: 'active', inItsCeremony: true },
  { from: ['pre-activation', 'suspended'], to: 'active' },
  { from: ['active'], to: 'suspended' },
  { from: ['active', 'suspended'], to: 'deactivated' },
  {
    from: ['quarantine', 'pre-activation', 'active', 'suspended', 'deactivated', 'not-found'],
    to: 'compromised',
  },
];

/** `before`: the state that a key had that was not found since; when it turns up it has that again. */
export const transition = (
  from: KeyState,
  to: KeyState,
  before?: KeyState,
): Transition | undefined =>
  from === 'not-found' && to === before
    ? { from: ['not-found'], to }
    : TRANSITIONS.find((one) => one.to === to && one.from.includes(from));

/** The state of a key that is gone from its token for certain. */
export const destroyedFrom = (from: KeyState): KeyState =>
  from === 'compromised' ? 'destroyed-compromised' : 'destroyed';
