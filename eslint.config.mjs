/**
 * Lint: faults that cost something here. An unawaited promise is a lost audit entry, a missing
 * `case` is a state nobody handles, a random number from the wrong place is a weak key. How code
 * looks is Prettier's business.
 */
import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const names = (list) => Object.fromEntries(list.map((name) => [name, 'readonly']));

/** What plain JavaScript may take for granted: Node's globals, most of them the web's too. */
const GLOBALS = names(
  [
    'AbortController AbortSignal Blob Buffer TextDecoder TextEncoder URL URLSearchParams WebAssembly',
    'atob btoa clearImmediate clearInterval clearTimeout console crypto fetch performance process queueMicrotask',
    'setImmediate setInterval setTimeout structuredClone',
  ].flatMap((line) => line.split(' ')),
);

const CHILDREN = {
  name: 'node:child_process',
  importNames: ['fork', 'exec', 'execSync'],
  message:
    'fork re-enters the main program in the single executable, and exec goes through a shell: use spawn.',
};
const RANDOMNESS = {
  name: 'node:crypto',
  importNames: ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID'],
  message: 'The core takes randomness as a parameter, so that a test can choose it.',
};
const NO_MATH_RANDOM = {
  object: 'Math',
  property: 'random',
  message: 'Not random enough for anything in a key ceremony.',
};

export default defineConfig(
  globalIgnores(['out/', 'dist/', 'coverage/', 'node_modules/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    name: 'plain JavaScript',
    files: ['**/*.{js,mjs,cjs}'],
    extends: [js.configs.recommended],
    languageOptions: { globals: GLOBALS },
    rules: {
      eqeqeq: 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },

  {
    name: 'typed code',
    files: ['**/*.{ts,tsx}'],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: 'error',
      'no-restricted-imports': ['error', { paths: [CHILDREN] }],
      'no-restricted-properties': ['error', NO_MATH_RANDOM],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // `import { type T }` loads the module for nothing, which a process that starts often pays for each time.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // A `default` says that the rest was thought of; without one, each case must be there.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],

      // The rest lets ordinary code be ordinary.
      'no-control-regex': 'off', // strict parsers name control characters in order to refuse them
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A generic that is used once still documents what a contract entry returns.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Handlers and fakes are async because their interface is.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    name: 'the core is given its clock and its randomness',
    files: ['custody/core/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: [CHILDREN, RANDOMNESS] }],
      'no-restricted-properties': [
        'error',
        NO_MATH_RANDOM,
        { object: 'Date', property: 'now', message: 'The core takes the clock as a parameter.' },
        {
          object: 'crypto',
          property: 'getRandomValues',
          message: RANDOMNESS.message,
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'The core takes the clock as a parameter.',
        },
      ],
    },
  },
  {
    name: 'tests look into what types keep shut',
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
