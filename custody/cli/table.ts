/**
 * Every command: help text, arguments, and module. Modules are loaded on use, so help is fast.
 *
 * To add one: an entry here, and a function of the options that returns a value for programs and lines for people.
 */
import type { Asked, Options } from './asked.ts';
import type { Command } from './cli.ts';
import type { Answer } from './session.ts';

type Run = (asked: Asked) => Promise<Answer>;

export interface Entry {
  /** After `keymoot`; may be several words. */
  name: string;
  group: string;
  summary: string;
  usage: string;
  examples: readonly string[];
  notes?: readonly string[];
  options?: Options;
  /** Arguments by name; one that ends in `?` may be left out. */
  takes?: readonly string[];
  load: () => Promise<Run>;
  /** Instead of `load`: a command with its own options and output. */
  command?: () => Promise<Command>;
}

const desk = () => import('./commands/desk.ts');
const people = () => import('./commands/people.ts');
const tokens = () => import('./commands/tokens.ts');
const keys = () => import('./commands/keys.ts');
const exported = () => import('./commands/exports.ts');
const definitions = () => import('./commands/definitions.ts');
const ceremonies = () => import('./commands/ceremonies.ts');
const views = () => import('./commands/ceremony-view.ts');
const audit = () => import('./commands/audit.ts');

const BY = { by: 'many' } as const;
const BY_LOGIN = { by: 'many', 'last-try': 'flag' } as const;
const ANSWERS = { answers: 'one' } as const;
const TWO = '--by NAME --by NAME';

const OPENS = [
  'Opens the desk first: the log token’s PIN halves are asked for, and the first person that --by names gives a proof for it.',
  '--last-try         use the try that is left before a token locks',
];
const FOUNDING = [
  'While the desk is being founded there is nobody yet to give a proof: leave --by out.',
];
const ANSWERS_HELP = [
  '--answers FILE     JSON object of what is no secret, for drills: "room time" (or "now"), "words" (all 32 of the definition), "check 1", "serial 1", …,',
  '                   "phrase 8", "check value", "serials", "phrase 10", "agree Ada Moreno" ("yes", or "no: because …")',
];

const own = (
  command: () => Promise<Command>,
): Pick<Entry, 'load' | 'command' | 'usage' | 'examples'> => ({
  usage: '',
  examples: [],
  command,
  load: () => Promise.reject(new Error('table: this command runs itself')),
});

export const TABLE: readonly Entry[] = [
  {
    name: 'desk found',
    group: 'The desk',
    summary: 'make the log key on a token, and begin the log with it',
    usage: 'desk found --name NAME --mode rehearsal|production --token LABEL',
    notes: [
      'Its order: a token for the log (keymoot train softhsm log, or a real one), this, two people, the policy. NAME is 1 to 64 of a–z, 0–9, dot and hyphen.',
      'A training token can’t seal a production log.',
    ],
    examples: [
      'keymoot desk found --name desk.example --mode rehearsal --token log',
      'keymoot desk found --name vault.example --mode production --token log@0123456789 --secrets-fd 3 3<secrets',
    ],
    options: { name: 'one', mode: 'one', token: 'one', 'last-try': 'flag' },
    load: async () => (await desk()).found,
  },
  {
    name: 'desk status',
    group: 'The desk',
    summary: 'state, mode, health of the log, what is unfinished',
    usage: 'desk status',
    examples: ['keymoot desk status', 'keymoot desk status --json'],
    load: async () => (await desk()).status,
  },
  {
    name: 'desk trust',
    group: 'The desk',
    summary: 'write the trust file that an auditor pins',
    usage: 'desk trust --out FILE',
    notes: [
      'It names the log, its key, the last seal and the founders. It goes to the auditor on another way than the bundle.',
    ],
    examples: ['keymoot desk trust --out trust.json'],
    options: { out: 'one' },
    load: async () => (await desk()).trust,
  },
  {
    name: 'train',
    group: 'Tokens',
    summary: 'make a training token, for rehearsals only',
    usage: 'train softhsm|nss LABEL [--by NAME [--by NAME]]',
    notes: [
      'SoftHSM for ceremonies, NSS for exports with SHA-256. The new PIN is typed in two halves by two people; a SoftHSM token has a security officer’s PIN too.',
      'With one name, and while the desk is being founded, there is no proof that two people set the PIN: keys on that token are marked “single control”. Two administrators or officers make an NSS token, and the first SoftHSM token: its library comes with it.',
      ...FOUNDING,
    ],
    examples: [
      'keymoot train softhsm log',
      'keymoot train softhsm ceremony --by "Ada Moreno" --by "Otto Lind"',
      'keymoot train nss export --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: BY,
    takes: ['softhsm|nss', 'LABEL'],
    load: async () => (await desk()).train,
  },
  {
    name: 'modules',
    group: 'Tokens',
    summary: 'libraries that this desk may load',
    usage: 'modules',
    examples: ['keymoot modules'],
    load: async () => (await tokens()).list,
  },
  {
    name: 'modules find',
    group: 'Tokens',
    summary: 'look for PKCS#11 libraries at the usual places',
    usage: 'modules find',
    examples: ['keymoot modules find'],
    load: async () => (await tokens()).find,
  },
  {
    name: 'modules add',
    group: 'Tokens',
    summary: 'add a library; it is loaded once, in a process of its own',
    usage:
      'modules add PATH --label L [--parameters TEXT] [--set NAME=VALUE]… [--by NAME --by NAME]',
    notes: [
      '--parameters is what C_Initialize gets (NSS). --set names a variable that the library reads, such as SOFTHSM2_CONF; it gets no other but those of its kind.',
      ...FOUNDING,
    ],
    examples: [
      'keymoot modules add /usr/lib/softhsm/libsofthsm2.so --label "SoftHSM" --set SOFTHSM2_CONF=/etc/softhsm2.conf --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: { ...BY, label: 'one', parameters: 'one', set: 'many' },
    takes: ['PATH'],
    load: async () => (await tokens()).add,
  },
  {
    name: 'modules approve',
    group: 'Tokens',
    summary: 'let a library that changed be loaded again',
    usage: `modules approve ID|LABEL|PATH ${TWO}`,
    notes: [
      'Shows the SHA-256 of the file as it is now; two people compare it with what the vendor says before they prove themselves.',
    ],
    examples: ['keymoot modules approve "SoftHSM" --by "Ada Moreno" --by "Otto Lind"'],
    options: BY,
    takes: ['ID'],
    load: async () => (await tokens()).approve,
  },
  {
    name: 'tokens',
    group: 'Tokens',
    summary: 'tokens that are here now',
    usage: 'tokens',
    examples: ['keymoot tokens', 'keymoot tokens --json'],
    load: async () => (await tokens()).tokens,
  },
  {
    name: 'tokens objects',
    group: 'Tokens',
    summary: 'what is on a token',
    usage: 'tokens objects LABEL [--login] --by NAME',
    notes: [
      'Without --login the public view. A token is named by its label, or by label@serial where two share one.',
      OPENS[1] ?? '',
    ],
    examples: ['keymoot tokens objects ceremony --login --by "Ada Moreno"'],
    options: { ...BY_LOGIN, login: 'flag' },
    takes: ['LABEL'],
    load: async () => (await tokens()).objects,
  },
  {
    name: 'probe',
    group: 'Tokens',
    summary: 'what a library’s tokens, or one token, can make',
    usage: 'probe PATH|LABEL',
    notes: ['A library that was not added yet is not loaded.'],
    examples: ['keymoot probe ceremony', 'keymoot probe /usr/lib/softhsm/libsofthsm2.so'],
    takes: ['PATH|LABEL'],
    load: async () => (await tokens()).probe,
  },
  {
    name: 'people',
    group: 'People and policy',
    summary: 'who is enrolled',
    usage: 'people',
    examples: ['keymoot people'],
    load: async () => (await desk()).people,
  },
  {
    name: 'people enrol',
    group: 'People and policy',
    summary: 'enrol a person, with a signing key of their own',
    usage: `people enrol NAME --role ROLE [${TWO}]`,
    notes: [
      'ROLE is administrator, officer, operator, custodian, witness or auditor. The new person types their passphrase; two administrators or officers approve.',
      ...FOUNDING,
    ],
    examples: [
      'keymoot people enrol "Ada Moreno" --role administrator',
      'keymoot people enrol "Cleo Baptiste" --role custodian --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: { ...BY, role: 'one' },
    takes: ['NAME'],
    load: async () => (await people()).enrol,
  },
  {
    name: 'people role',
    group: 'People and policy',
    summary: 'change a person’s role',
    usage: `people role NAME ROLE ${TWO}`,
    examples: ['keymoot people role "Cleo Baptiste" witness --by "Ada Moreno" --by "Otto Lind"'],
    options: BY,
    takes: ['NAME', 'ROLE'],
    load: async () => (await people()).role,
  },
  {
    name: 'people remove',
    group: 'People and policy',
    summary: 'record that a person has left',
    usage: `people remove NAME --why TEXT ${TWO}`,
    examples: [
      'keymoot people remove "Cleo Baptiste" --why "left the company" --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: { ...BY, why: 'one' },
    takes: ['NAME'],
    load: async () => (await people()).remove,
  },
  {
    name: 'policy show',
    group: 'People and policy',
    summary: 'the policy in force, or the one to be approved',
    usage: 'policy show',
    examples: ['keymoot policy show', 'keymoot policy show --json'],
    load: async () => (await desk()).policyShow,
  },
  {
    name: 'policy approve',
    group: 'People and policy',
    summary: 'approve the first policy, or the next',
    usage: `policy approve [--file POLICY] ${TWO}`,
    notes: [
      'The first one needs no file: it is the one that “policy show” shows. A next one is the value’s “policy” of “policy show --json”, changed, its version one more.',
    ],
    examples: [
      'keymoot policy approve --by "Ada Moreno" --by "Otto Lind"',
      'keymoot policy approve --file policy.json --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: { ...BY, file: 'one' },
    load: async () => (await desk()).policyApprove,
  },
  {
    name: 'keys',
    group: 'Keys',
    summary: 'the desk’s keys (also: keys list)',
    usage: 'keys',
    examples: ['keymoot keys', 'keymoot keys --json'],
    load: async () => (await keys()).list,
  },
  {
    name: 'keys list',
    group: 'Keys',
    summary: 'the same',
    usage: 'keys list',
    examples: ['keymoot keys list --json'],
    load: async () => (await keys()).list,
  },
  {
    name: 'keys show',
    group: 'Keys',
    summary: 'one key, its fingerprint, its life, and who says what about it',
    usage: 'keys show LABEL|ID',
    examples: ['keymoot keys show zone-master-key-1'],
    takes: ['LABEL|ID'],
    load: async () => (await keys()).show,
  },
  {
    name: 'keys generate',
    group: 'Keys',
    summary: 'make a key inside a token',
    usage: `keys generate LABEL --token LABEL --algorithm A --purpose P [--extractable] ${TWO}`,
    notes: [
      'A is AES-128, AES-192, AES-256, RSA-2048, RSA-3072, RSA-4096, P-256, P-384, P-521 or Ed25519; P is encrypt, mac, wrap, sign, decrypt, unwrap or agree.',
      '--extractable      may leave the token wrapped, for a key that is made to be exported',
      ...OPENS,
    ],
    examples: [
      'keymoot keys generate backup-1 --token ceremony --algorithm AES-256 --purpose wrap --by "Ada Moreno" --by "Otto Lind"',
      'keymoot keys generate for-kms --token export --algorithm AES-256 --purpose encrypt --extractable --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: { ...BY_LOGIN, token: 'one', algorithm: 'one', purpose: 'one', extractable: 'flag' },
    takes: ['LABEL'],
    load: async () => (await keys()).generate,
  },
  {
    name: 'keys destroy',
    group: 'Keys',
    summary: 'destroy a key in its token, and check that it is gone',
    usage: `keys destroy LABEL|ID ${TWO}`,
    notes: [
      'The key’s label is typed once more (“label” on a descriptor). This can’t be undone.',
      ...OPENS,
    ],
    examples: ['keymoot keys destroy backup-1 --by "Ada Moreno" --by "Otto Lind"'],
    options: BY_LOGIN,
    takes: ['LABEL|ID'],
    load: async () => (await keys()).destroy,
  },
  {
    name: 'export aws-kms',
    group: 'Exports',
    summary: 'bring a key to AWS KMS, wrapped inside the token',
    usage: `export aws-kms --key LABEL|ID --algorithm A [--params FILE --out DIR] [--export ID] ${TWO}`,
    notes: [
      'A is RSAES_OAEP_SHA_256 or RSAES_OAEP_SHA_1 (sha-256, sha-1 for short).',
      'Without --params: asks the token whether it can, by a test, and prints what to fetch from AWS. With it: shows the wrapping key’s fingerprint, asks the',
      'second person for words of it (“words” on a descriptor), and wraps into DIR, which must not be there.',
      '--export ID        the request that the parameters belong to; else the latest open one',
      ...OPENS,
    ],
    examples: [
      'keymoot export aws-kms --key for-kms --algorithm RSAES_OAEP_SHA_256 --by "Ada Moreno" --by "Otto Lind"',
      'keymoot export aws-kms --key for-kms --algorithm RSAES_OAEP_SHA_256 --params params.json --out ./carry-out --by "Ada Moreno" --by "Otto Lind"',
    ],
    options: {
      ...BY_LOGIN,
      ...ANSWERS,
      key: 'one',
      algorithm: 'one',
      params: 'one',
      out: 'one',
      export: 'one',
    },
    load: async () => (await exported()).awsKms,
  },
  {
    name: 'exports',
    group: 'Exports',
    summary: 'exports, done and open (also: exports list)',
    usage: 'exports',
    examples: ['keymoot exports'],
    load: async () => (await exported()).list,
  },
  {
    name: 'exports list',
    group: 'Exports',
    summary: 'the same',
    usage: 'exports list',
    examples: ['keymoot exports list --json'],
    load: async () => (await exported()).list,
  },
  {
    name: 'ceremony draft',
    group: 'Ceremonies',
    summary: 'write a definition from a template, for this desk',
    usage:
      'ceremony draft --template form-key-from-components --out FILE --token L --key-label L --seat SEAT=NAME… [--algorithm AES-256|AES-128] [--components N] [--expected CHECK]',
    notes: [
      '--expected         the result’s check value if the sender gave it: by X9.24-CMAC, ten hex digits, or six for short. Without it nothing is compared when the key is formed, and the definition says so',
      '--components       how many, each with a seat custodian-N; else the template’s usual number',
      '--purpose          encrypt, mac or wrap; else the template’s',
      '--title            else the template’s',
      '--substitute       SEAT=NAME who may take a seat; any number',
      'The desk drafts it and refuses what makes no sense. Writes JSON that is meant to be read, and never over a file.',
    ],
    examples: [
      'keymoot ceremony draft --template form-key-from-components --out zmk.json --token ceremony --key-label zone-master-key-1 \\',
      '  --expected 08D7B4FB62 --seat administrator="Ada Moreno" --seat witness="Wim de Boer" \\',
      '  --seat custodian-1="Cleo Baptiste" --seat custodian-2="Chidi Eze" --seat custodian-3="Carmen Ruiz"',
    ],
    options: {
      template: 'one',
      out: 'one',
      token: 'one',
      'key-label': 'one',
      algorithm: 'one',
      purpose: 'one',
      components: 'one',
      title: 'one',
      expected: 'one',
      seat: 'many',
      substitute: 'many',
    },
    load: async () => (await definitions()).draft,
  },
  {
    name: 'ceremony define',
    group: 'Ceremonies',
    summary: 'bring a definition to the desk, to be approved',
    usage: 'ceremony define FILE --by NAME',
    examples: ['keymoot ceremony define zmk.json --by "Ada Moreno"'],
    options: BY,
    takes: ['FILE'],
    load: async () => (await definitions()).define,
  },
  {
    name: 'ceremony approve',
    group: 'Ceremonies',
    summary: 'approve a definition by its hash, each for themselves',
    usage: 'ceremony approve SHA|FILE --by NAME…',
    notes: [
      'Shows the fingerprint first: compare it with the printed copy before you prove yourself. SHA may be the first six digits or more.',
    ],
    examples: [
      'keymoot ceremony approve zmk.json --by "Ada Moreno"',
      'keymoot ceremony approve 3f9a0c --by "Otto Lind"',
    ],
    options: BY,
    takes: ['SHA|FILE'],
    load: async () => (await definitions()).approve,
  },
  {
    name: 'ceremony arm',
    group: 'Ceremonies',
    summary: 'make an approved definition ready to begin',
    usage: 'ceremony arm SHA|FILE --by NAME',
    notes: [...OPENS],
    examples: ['keymoot ceremony arm zmk.json --by "Ada Moreno"'],
    options: BY_LOGIN,
    takes: ['SHA|FILE'],
    load: async () => (await definitions()).arm,
  },
  {
    name: 'ceremony list',
    group: 'Ceremonies',
    summary: 'ceremonies and definitions',
    usage: 'ceremony list',
    examples: ['keymoot ceremony list'],
    load: async () => (await views()).list,
  },
  {
    name: 'ceremony show',
    group: 'Ceremonies',
    summary: 'one ceremony: people, steps, exceptions, claims',
    usage: 'ceremony show ID',
    notes: ['ID may be its first six digits or more.'],
    examples: ['keymoot ceremony show 7c01d2'],
    takes: ['ID'],
    load: async () => (await views()).show,
  },
  {
    name: 'ceremony step',
    group: 'Ceremonies',
    summary: 'do the step that is due',
    usage: 'ceremony step ID [--answers FILE]',
    notes: [
      'Everyone whose seat the step names proves themselves. Components are held only while a command runs, so from the first component this goes on until the',
      'key is formed, and opens the desk for that.',
      ...ANSWERS_HELP,
      OPENS[1] ?? '',
    ],
    examples: [
      'keymoot ceremony step 7c01d2',
      'keymoot ceremony step 7c01d2 --answers drill.json --secrets-fd 3 3<secrets',
    ],
    options: { ...ANSWERS, 'last-try': 'flag' },
    takes: ['ID'],
    load: async () => (await ceremonies()).step,
  },
  {
    name: 'ceremony run',
    group: 'Ceremonies',
    summary: 'do a whole ceremony, from its definition to its close',
    usage: 'ceremony run FILE|SHA|ID --by NAME [--by NAME] [--answers FILE]',
    notes: [
      'The people that --by names define, approve and arm, as far as that was not done yet. A ceremony that was begun continues where it stopped. It is closed by the',
      'administrator and the witness. Each step asks for each passphrase afresh, so a descriptor has a line for each time.',
      ...ANSWERS_HELP,
      ...OPENS,
    ],
    examples: [
      'keymoot ceremony run zmk.json --by "Ada Moreno" --by "Otto Lind"',
      'keymoot ceremony run zmk.json --by "Ada Moreno" --by "Otto Lind" --answers drill.json --secrets-fd 3 3<secrets',
    ],
    options: { ...BY_LOGIN, ...ANSWERS },
    takes: ['FILE|SHA|ID'],
    load: async () => (await ceremonies()).run,
  },
  {
    name: 'ceremony agree',
    group: 'Ceremonies',
    summary: 'say “I agree” or “I do not agree, because …”',
    usage: 'ceremony agree ID [--not --because TEXT] --by NAME…',
    examples: [
      'keymoot ceremony agree 7c01d2 --by "Wim de Boer"',
      'keymoot ceremony agree 7c01d2 --not --because "envelope 2 was open" --by "Wim de Boer"',
    ],
    options: { ...BY, not: 'flag', because: 'one' },
    takes: ['ID'],
    load: async () => (await ceremonies()).agree,
  },
  {
    name: 'ceremony pause',
    group: 'Ceremonies',
    summary: 'pause a ceremony',
    usage: 'ceremony pause ID --why TEXT --by NAME',
    examples: ['keymoot ceremony pause 7c01d2 --why "lunch" --by "Ada Moreno"'],
    options: { ...BY, why: 'one' },
    takes: ['ID'],
    load: async () => (await ceremonies()).pause,
  },
  {
    name: 'ceremony resume',
    group: 'Ceremonies',
    summary: 'go on with a ceremony that was paused',
    usage: 'ceremony resume ID --by NAME',
    examples: ['keymoot ceremony resume 7c01d2 --by "Ada Moreno"'],
    options: BY,
    takes: ['ID'],
    load: async () => (await ceremonies()).resume,
  },
  {
    name: 'ceremony exception',
    group: 'Ceremonies',
    summary: 'record what was seen and what two people decided',
    usage: `ceremony exception ID --observed TEXT --decision TEXT [--substitute SEAT=NAME] ${TWO}`,
    examples: [
      'keymoot ceremony exception 7c01d2 --observed "clock 3 minutes off" --decision "clock set, step repeated" --by "Ada Moreno" --by "Wim de Boer"',
    ],
    options: { ...BY, observed: 'one', decision: 'one', substitute: 'many' },
    takes: ['ID'],
    load: async () => (await ceremonies()).exception,
  },
  {
    name: 'ceremony abort',
    group: 'Ceremonies',
    summary: 'end a ceremony; a key that it made is destroyed',
    usage: `ceremony abort ID --because TEXT ${TWO}`,
    notes: [
      'Once the key is in the token two people are needed, both halves of the token’s PIN, and the desk is opened first.',
      OPENS[1] ?? '',
    ],
    examples: [
      'keymoot ceremony abort 7c01d2 --because "a custodian fell ill" --by "Ada Moreno" --by "Wim de Boer"',
    ],
    options: { ...BY_LOGIN, because: 'one' },
    takes: ['ID'],
    load: async () => (await ceremonies()).abort,
  },
  {
    name: 'ceremony close',
    group: 'Ceremonies',
    summary: 'close a ceremony whose steps are all done',
    usage: `ceremony close ID ${TWO}`,
    notes: [...OPENS],
    examples: ['keymoot ceremony close 7c01d2 --by "Ada Moreno" --by "Wim de Boer"'],
    options: BY_LOGIN,
    takes: ['ID'],
    load: async () => (await ceremonies()).close,
  },
  {
    name: 'recovery',
    group: 'The log',
    summary: 'what was interrupted and is not settled',
    usage: 'recovery',
    examples: ['keymoot recovery'],
    load: async () => (await audit()).recovery,
  },
  {
    name: 'recovery settle',
    group: 'The log',
    summary: 'look on the token, then adopt what is there or destroy it',
    usage: `recovery settle ID adopt|destroy ${TWO}`,
    notes: [
      'Waits until the token can’t finish any more, then looks. Only what is exactly as asked can be adopted.',
      ...OPENS,
    ],
    examples: ['keymoot recovery settle 0198c0de adopt --by "Ada Moreno" --by "Otto Lind"'],
    options: BY_LOGIN,
    takes: ['ID', 'adopt|destroy'],
    load: async () => (await audit()).settle,
  },
  {
    name: 'audit state',
    group: 'The log',
    summary: 'size, root, seal and key of the log',
    usage: 'audit state',
    examples: ['keymoot audit state'],
    load: async () => (await audit()).state,
  },
  {
    name: 'audit seal',
    group: 'The log',
    summary: 'open the desk and seal what is not sealed yet',
    usage: 'audit seal --by NAME',
    notes: [...OPENS],
    examples: ['keymoot audit seal --by "Ada Moreno"'],
    options: BY_LOGIN,
    load: async () => (await audit()).seal,
  },
  {
    name: 'audit entries',
    group: 'The log',
    summary: 'entries of the log',
    usage: 'audit entries [--from N] [--limit N] --by NAME',
    notes: ['At most 500 at a time; without --from the last ones.'],
    examples: [
      'keymoot audit entries --by "Ada Moreno"',
      'keymoot audit entries --from 0 --limit 500 --json --by "Ada Moreno"',
    ],
    options: { ...BY, from: 'one', limit: 'one' },
    load: async () => (await audit()).entries,
  },
  {
    name: 'audit export',
    group: 'The log',
    summary: 'write the bundle that a stranger can verify',
    usage: 'audit export DIR --by NAME',
    notes: ['DIR must not be there.', ...OPENS],
    examples: ['keymoot audit export ./bundle --by "Ada Moreno"'],
    options: BY_LOGIN,
    takes: ['DIR'],
    load: async () => (await audit()).exportLog,
  },
  {
    name: 'prove',
    group: 'The log',
    summary: 'prove that an entry is in the sealed log',
    usage: 'prove SEQ [--out FILE] --by NAME',
    notes: [
      'A C2SP tlog-proof: the entry’s index, the hashes up to the root, the signed checkpoint. --json gives its parts too.',
    ],
    examples: ['keymoot prove 12 --out entry-12.tlog-proof --by "Ada Moreno"'],
    options: { ...BY, out: 'one' },
    takes: ['SEQ'],
    load: async () => (await audit()).prove,
  },
  {
    name: 'verify',
    group: 'The log',
    summary: 'verify an audit bundle, without the desk',
    ...own(async () => (await import('./verify.ts')).verifyCommand),
  },
  {
    name: 'rehearsal',
    group: 'Rehearsal',
    summary: 'do the whole trade on throw-away tokens, unattended',
    ...own(async () => (await import('./rehearsal.ts')).rehearsalCommand),
  },
];
