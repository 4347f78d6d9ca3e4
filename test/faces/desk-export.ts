/** An export to AWS KMS at the window; the provider's side is simulated with a throw-away key and OpenSSL. */
import { readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Person, Pin } from './cast.ts';
import type { Desk } from './desk.ts';
import { openssl } from './openssl.ts';

/** A simulated AWS: it gives out parameters and opens the package. */
export class PlayedAws {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    openssl([
      'genpkey',
      '-algorithm',
      'RSA',
      '-pkeyopt',
      'rsa_keygen_bits:4096',
      '-out',
      this.#key,
    ]);
  }
  get #key(): string {
    return join(this.#folder, 'aws-throw-away.pem');
  }
  /** What `aws kms get-parameters-for-import` prints. */
  parameters(validMs = 24 * 3600_000): Record<string, string> {
    return {
      KeyId: 'arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321',
      ImportToken: randomBytes(1024).toString('base64'),
      PublicKey: openssl(['pkey', '-in', this.#key, '-pubout', '-outform', 'DER']).toString(
        'base64',
      ),
      ParametersValidTo: new Date(Date.now() + validMs).toISOString(),
    };
  }
  /** Opens a package; the P11-CHECK of the AES key that was in it: the first bytes of an encrypted block of zeros. */
  checkOf(folder: string, hash: 'sha1' | 'sha256'): string {
    const key = openssl(
      [
        'pkeyutl',
        '-decrypt',
        '-inkey',
        this.#key,
        ...['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`].flatMap(
          (option) => ['-pkeyopt', option],
        ),
      ],
      readFileSync(join(folder, 'EncryptedKeyMaterial.bin')),
    );
    return openssl(
      ['enc', '-aes-256-ecb', '-nopad', '-K', key.toString('hex')],
      Buffer.alloc(16),
    ).toString('hex', 0, 3);
  }
}

export interface ExportWish {
  label: string;
  token: string;
  /** The requested method; by default the one that the window proposes. */
  algorithm?: 'RSAES_OAEP_SHA_1' | 'RSAES_OAEP_SHA_256';
}

/** Requests the export. The caller checks the result. */
export const askForExport = async (
  desk: Desk,
  { label, token, algorithm }: ExportWish,
  pin: Pin,
  people: readonly [Person, Person],
): Promise<void> => {
  await desk.goTo('Exports');
  await desk.press('Request an export');
  await desk.tick('radio', label);
  if (algorithm !== undefined) await desk.tick('radio', algorithm);
  await desk.enterPin(`PIN of token ${token}`, pin);
  await desk.proveAs({ 'First person': people[0], 'Second person': people[1] });
  await desk.seen('request an export');
  await desk.press(`Test token ${token}, and request the export`);
};
export const requestExport = async (
  desk: Desk,
  wish: ExportWish,
  pin: Pin,
  people: readonly [Person, Person],
): Promise<void> => {
  await askForExport(desk, wish, pin, people);
  await desk.heading('When params.json is here').waitFor();
  await desk.seen('export: carry in');
};
/** Loads a file and lets it be checked. The caller checks the result. */
export const bringParameters = async (desk: Desk, text: string, person: Person): Promise<void> => {
  writeFileSync(desk.files.parameters, text);
  await desk.press('Choose params.json');
  await desk.work.getByText('Chosen: params.json').waitFor();
  await desk.proveAs({ 'Loaded by': person });
  await desk.press('Check the parameters and load them');
};
export const confirmWrappingKey = async (
  desk: Desk,
  words: readonly string[],
  people: readonly [Person, Person],
): Promise<void> => {
  await desk.typeWords(words);
  await desk.proveAs({
    'First person, reads the paper': people[0],
    'Second person, types the words': people[1],
  });
  await desk.press('Confirm the wrapping key');
};
/** Wraps the key and gives the package's folder. */
export const wrap = async (
  desk: Desk,
  { label, token }: { label: string; token: string },
  pin: Pin,
  people: readonly [Person, Person],
): Promise<string> => {
  await desk.press('Choose where the package goes');
  const place = desk.work.getByRole('status').filter({ hasText: 'New folder:' });
  const name = (await place.innerText()).replace('New folder:', '').trim();
  await desk.enterPin(`PIN of token ${token}`, pin);
  await desk.proveAs({ 'First person': people[0], 'Second person': people[1] });
  await desk.seen('export: wrap');
  await desk.press(`Wrap “${label}” in token ${token}`);
  await desk.heading('In the folder').waitFor();
  await desk.seen('export: carry out');
  return desk.files.at(name);
};
