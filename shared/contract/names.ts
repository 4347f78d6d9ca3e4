/**
 * What the contract's parts are called, and who may use which: for faces, which pass calls and events through and know no more of them.
 *
 * Without schemas, so that Electron's main process starts the service before it does anything else. The compiler compares each list with the contract.
 */
import type { ChannelName, EventName } from './index.ts';

/** Each channel, and who may call it: a page, or only a face, since the call carries a path. */
export const CHANNELS = {
  'desk.hello': 'page',
  'desk.status': 'page',
  'desk.found': 'page',
  'desk.open': 'page',
  'desk.lock': 'page',
  'secrets.put': 'page',
  'files.grant': 'face',
  'log.state': 'page',
  'log.seal': 'page',
  'log.entries': 'page',
  'log.proof': 'page',
  'log.export': 'page',
  'log.trust': 'page',
  'log.saveTrust': 'page',
  'log.verify': 'page',
  'recovery.list': 'page',
  'recovery.settle': 'page',
  'people.list': 'page',
  'people.enrol': 'page',
  'people.setRole': 'page',
  'people.remove': 'page',
  'presence.arrive': 'page',
  'presence.leave': 'page',
  'policy.get': 'page',
  'policy.approve': 'page',
  'modules.find': 'page',
  'modules.add': 'page',
  'modules.list': 'page',
  'modules.approve': 'page',
  'tokens.list': 'page',
  'tokens.watch': 'page',
  'tokens.train': 'page',
  'tokens.can': 'page',
  'tokens.objects': 'page',
  'keys.list': 'page',
  'keys.page': 'page',
  'keys.show': 'page',
  'keys.life': 'page',
  'keys.generate': 'page',
  'keys.destroy': 'page',
  'ceremonies.templates': 'page',
  'ceremonies.draft': 'page',
  'ceremonies.define': 'page',
  'ceremonies.definitions': 'page',
  'ceremonies.approve': 'page',
  'ceremonies.arm': 'page',
  'ceremonies.list': 'page',
  'ceremonies.show': 'page',
  'ceremonies.step': 'page',
  'ceremonies.exception': 'page',
  'ceremonies.pause': 'page',
  'ceremonies.resume': 'page',
  'ceremonies.abort': 'page',
  'ceremonies.close': 'page',
  'exports.request': 'page',
  'exports.load': 'page',
  'exports.confirm': 'page',
  'exports.wrap': 'page',
  'exports.list': 'page',
  'exports.show': 'page',
} as const satisfies Record<ChannelName, 'page' | 'face'>;

/** SECURITY: a page can't even tell that a face's own channel is there. */
export const isForPages = (channel: string): boolean =>
  Object.hasOwn(CHANNELS, channel) && CHANNELS[channel as ChannelName] === 'page';

const EVENTS = {
  'log.changed': true,
  'desk.changed': true,
  progress: true,
  'tokens.changed': true,
  'ceremony.changed': true,
  'signer.lost': true,
} as const satisfies Record<EventName, true>;
export const isEvent = (name: string): name is EventName => Object.hasOwn(EVENTS, name);

export const FILE_PURPOSES = {
  module: 'read',
  parameters: 'read',
  definition: 'read',
  bundle: 'write',
  package: 'write',
  trust: 'write',
  /** A bundle to judge: its folder. */
  'verify-bundle': 'read',
  'verify-trust': 'read',
} as const;
export type FilePurpose = keyof typeof FILE_PURPOSES;
