/**
 * Which folder may import what. A rule's name is the design in a few words and its comment the
 * reason; `npm run lint` and `npm test` check them. Folders that aren't there yet cost nothing.
 *
 *   shared <- core <- store, tokens <- service        shared <- cli, electron, renderer
 *
 * Type-only imports count too: a folder that speaks another's types knows that folder.
 */

const anyOf = (paths) => paths.join('|');

/** An npm package, however it was found. */
const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})(/|$)`;

/** The folders of what runs on a workstation; scripts/ and test/ stand outside. */
const PROGRAM = '^(custody|shared|electron|renderer)/';

/** Small helpers beside custody/main.ts, plain enough for every folder but the core. */
const HELPERS = '^custody/(native|resources|spawn|build|aside|child-link)\\.ts$';

/** Loads the two native packages for those who may have them, so it names the types of both. */
const LOADER = '^custody/native\\.ts$';

const FACES = '^(electron|renderer)/';
const WINDOW_PACKAGES = npm('electron', 'playwright', 'playwright-core', 'react', 'zustand');
const NATIVE_PACKAGES = npm('better-sqlite3', 'pkcs11js', 'koffi');

/** Node modules by which a program reaches anything outside itself. */
const INPUT_OUTPUT =
  '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster)$';

/** `from` imports nothing that matches `to`; `except` takes some of that back. */
const forbid = (name, comment, from, to, except) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: to, ...(except ? { pathNot: except } : {}) },
});

/** Only files under `keepers`, and tests, import what matches `to`. */
const keep = (name, comment, keepers, to) => ({
  name,
  comment,
  severity: 'error',
  from: { path: PROGRAM, pathNot: keepers },
  to: { path: to },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    forbid(
      'shared-is-a-leaf',
      'Schemas and pure functions for every process, a browser page among them: zod, @noble and itself.',
      '^shared/',
      '.',
      anyOf(['^shared/', npm('zod'), npm('@noble')]),
    ),

    forbid(
      'core-is-plain',
      'The core is the trade itself: it runs under any face, and under none.',
      '^custody/core/',
      anyOf(['^custody/(?!core/)', FACES, WINDOW_PACKAGES, NATIVE_PACKAGES]),
    ),
    forbid(
      'core-does-no-io',
      'The core takes bytes and gives bytes, so that every line of it can be tested without a machine.',
      '^custody/core/',
      INPUT_OUTPUT,
    ),

    forbid(
      'store-knows-no-device',
      'The store keeps records; it has no way to ask a token for anything.',
      '^custody/store/',
      anyOf(['^custody/(?!store/|core/)', FACES, npm('pkcs11js', 'koffi')]),
      HELPERS,
    ),
    forbid(
      'tokens-keep-no-records',
      'What a device said goes to the service, which decides what is written down.',
      '^custody/tokens/',
      anyOf(['^custody/(?!tokens/|core/)', FACES, npm('better-sqlite3')]),
      HELPERS,
    ),
    forbid(
      'token-process-stands-alone',
      "It knows its protocol and the vendor's library, and shares its memory with nothing else of ours.",
      '^custody/tokens/process/',
      anyOf(['^custody/(?!tokens/)', FACES, npm('better-sqlite3')]),
      HELPERS,
    ),

    forbid(
      'projections-only-write-rows',
      'What the log says becomes rows here; no device and no call is known.',
      '^custody/projections/',
      anyOf(['^custody/(?!projections/|core/|store/)', FACES]),
    ),
    forbid(
      'nothing-below-reaches-up',
      'The service composes core, store and tokens; none of them knows that it does.',
      '^custody/(core|store|tokens|projections)/',
      '^custody/(service|cli|holder|judge)/|^custody/main\\.ts$',
    ),
    forbid(
      'only-the-entry-starts-everything',
      'custody/main.ts picks service, token process or command line and loads that one only.',
      '^custody/',
      '^custody/main\\.ts$',
    ),
    forbid(
      'helpers-are-plain',
      'What every folder may use must not bring a folder along.',
      HELPERS,
      anyOf(['^custody/[^/]+/', FACES]),
    ),
    forbid(
      'the-command-line-is-a-face',
      'It asks the service over the contract, as a window does. The pure parts of the core it may use.',
      '^custody/(cli|holder)/',
      anyOf(['^custody/(store|tokens|service)/', NATIVE_PACKAGES]),
    ),
    forbid(
      'the-judge-knows-no-desk',
      'What it reads was made by somebody else; it has no record, no device and no secret within reach.',
      '^custody/judge/',
      anyOf(['^custody/(store|tokens|service|cli|holder)/', NATIVE_PACKAGES]),
    ),
    forbid(
      'custody-knows-no-window',
      'Window, command line and tests are faces of one service.',
      '^custody/',
      anyOf([FACES, WINDOW_PACKAGES]),
    ),

    keep(
      'pkcs11-only-in-its-process',
      "A vendor's library can hang or crash, and takes its process along.",
      anyOf(['^custody/tokens/process/', LOADER]),
      npm('pkcs11js', 'koffi'),
    ),
    keep(
      'sqlite-only-in-the-store',
      'One place to look for what is kept.',
      anyOf(['^custody/store/', LOADER]),
      npm('better-sqlite3'),
    ),
    keep(
      'electron-only-in-its-face',
      'Everything else must run without a window.',
      '^electron/(main|preload)/',
      npm('electron'),
    ),
    keep(
      'playwright-only-in-the-fallback',
      'A browser driver can read any page it drives.',
      '^electron/fallback/',
      npm('playwright', 'playwright-core'),
    ),

    forbid(
      'a-window-is-only-a-window',
      'Faces drive the service over the contract; they hold no key, no record and no PIN.',
      '^electron/',
      anyOf(['^custody/', '^renderer/', NATIVE_PACKAGES]),
    ),
    forbid(
      'faces-are-strangers',
      'The Electron face and the fallback pass one suite, and lean on nothing of each other.',
      '^electron/(main|preload)/',
      '^electron/fallback/',
    ),
    forbid(
      'faces-are-strangers-both-ways',
      'The same, seen from the other side.',
      '^electron/fallback/',
      '^electron/(main|preload)/',
    ),
    forbid(
      'faces-share-what-is-pure',
      'What both faces share knows neither of them, nor what they run on.',
      '^electron/common/',
      anyOf(['^electron/(main|preload|fallback)/', WINDOW_PACKAGES]),
    ),
    forbid(
      'a-preload-is-a-thin-wall',
      'It runs in the page’s process: names of calls and types, no schemas and nothing that does anything.',
      '^electron/preload/',
      '.',
      anyOf(['^electron/common/ipc\\.ts$', '^shared/window/', npm('electron')]),
    ),
    forbid(
      'renderer-is-unprivileged',
      'The page reaches the machine through the bridge, and through nothing else.',
      '^renderer/',
      anyOf(['^(electron|custody)/', NATIVE_PACKAGES]),
    ),
    {
      name: 'pages-reach-no-node',
      comment: "A browser has none of Node's modules, and must not come to need them.",
      severity: 'error',
      from: { path: '^(renderer|shared)/' },
      to: { dependencyTypes: ['core'] },
    },
    forbid(
      'features-are-islands',
      'What two features share moves to renderer/ui or to shared.',
      '^renderer/features/([^/]+)/',
      '^renderer/features/',
      '^renderer/features/$1/',
    ),
    forbid(
      'ui-only-draws',
      'What is drawn everywhere must know nothing of what it shows.',
      '^renderer/ui/',
      '^renderer/(app|features|bridge)/',
    ),

    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      // Types may point both ways: they are gone before anything is loaded.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'Nor the scripts, which run before anything is installed.',
      severity: 'error',
      from: { path: PROGRAM },
      to: { path: '^(test|scripts)/' },
    },
    {
      name: 'no-development-packages',
      comment:
        'What the program loads is in `dependencies`: those are the licences that we pass on.',
      severity: 'error',
      // A packaged window is bundled: what it loads is inside it, and its runtime is Electron itself. The fallback isn't packaged.
      from: { path: PROGRAM, pathNot: FACES },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere fails on the workstation at the latest.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
