import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  type AwsAlgorithm,
  loadParameters,
  parseAwsKeyArn,
  requireCurrent,
} from '../../../custody/core/wrapping/aws.ts';
import { parseFlatObject } from '../../../custody/core/wrapping/flat-json.ts';
import { spkiFingerprint } from '../../../custody/core/wrapping/spki.ts';
import { KeymootError } from '../../../shared/errors.ts';
import { ARN, NOW_MS, members, pair3072, paramsJson, wrappingPair } from './aws-params.ts';

const load = (bytes: Uint8Array, algorithm: AwsAlgorithm = 'RSAES_OAEP_SHA_256', nowMs = NOW_MS) =>
  loadParameters(bytes, { algorithm, targetKeySpec: 'SYMMETRIC_DEFAULT', nowMs });
const utf8 = (text: string) => new TextEncoder().encode(text);

const refusal = (bytes: Uint8Array): KeymootError => {
  try {
    load(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(KeymootError);
    expect((error as KeymootError).message).toMatch(/Nothing was wrapped\./u);
    return error as KeymootError;
  }
  throw new Error('it was not refused');
};
const refusalOf = (bytes: Uint8Array): string => {
  const { code, message } = refusal(bytes);
  return `${code}: ${message}`;
};

describe('the parameters of AWS', () => {
  it('are read as the AWS CLI version 2 prints them', () => {
    const parameters = load(paramsJson());
    expect(parameters).toMatchObject({
      provider: 'aws-kms',
      keyArn: ARN,
      region: 'eu-central-1',
      algorithm: 'RSAES_OAEP_SHA_256',
      oaepHash: 'SHA-256',
      targetKeySpec: 'SYMMETRIC_DEFAULT',
      plaintextBytes: 32,
      validToMs: Date.UTC(2026, 0, 31, 12),
      warnings: [],
      key: { partition: 'aws', account: '111122223333', multiRegion: false },
      wrappingKey: { bits: 3072, spkiSha256: spkiFingerprint(pair3072.spki) },
    });
    expect(parameters.importToken).toEqual(new Uint8Array(1200).fill(7));
    expect(load(paramsJson(), 'RSAES_OAEP_SHA_1').oaepHash).toBe('SHA-1');
  });

  it('are read in any order of members, as version 1 prints them, and on one line', () => {
    const { KeyId, ImportToken, PublicKey } = members();
    const text = `{"ImportToken":"${String(ImportToken)}","ParametersValidTo":1769860800.32,"PublicKey":"${String(PublicKey)}","KeyId":"${String(KeyId)}"}`;
    expect(load(utf8(text)).validToMs).toBe(Date.UTC(2026, 0, 31, 12) + 320);
  });

  it.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.123456+00:00', Date.UTC(2026, 0, 31, 12) + 123],
    ['2026-01-31T13:30:00+01:30', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T04:00:00-08:00', Date.UTC(2026, 0, 31, 12)],
    [1769860800, Date.UTC(2026, 0, 31, 12)],
  ])('take the time %s', (ParametersValidTo, ms) => {
    expect(load(paramsJson({ ParametersValidTo })).validToMs).toBe(ms);
  });

  it.each([
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00+00:00',
    '2026-02-30T12:00:00Z',
    '2026-01-31T24:00:01Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:00+15:00',
    '2026-01-31T12:00:00+0000',
    '1769860800',
    '',
    -1769860800,
    1e12,
    0,
  ])('refuse the time %j', (ParametersValidTo) => {
    expect(refusalOf(paramsJson({ ParametersValidTo }))).toContain(
      'params-malformed: The AWS parameters were refused: ParametersValidTo is neither',
    );
  });

  it('refuse a number with an exponent', () => {
    const text = new TextDecoder()
      .decode(paramsJson())
      .replace('"2026-01-31T12:00:00+00:00"', '1.7698608e9');
    expect(refusalOf(utf8(text))).toContain('ParametersValidTo is neither');
  });

  it('run out at their very millisecond, with the age and what to do', () => {
    const end = Date.UTC(2026, 0, 31, 12);
    expect(load(paramsJson(), 'RSAES_OAEP_SHA_256', end - 1).validToMs).toBe(end);
    const expired = (nowMs: number): KeymootError => {
      try {
        load(paramsJson(), 'RSAES_OAEP_SHA_256', nowMs);
      } catch (error) {
        return error as KeymootError;
      }
      throw new Error('not expired');
    };
    expect(expired(end)).toMatchObject({ code: 'params-expired' });
    expect(expired(end).message).toContain(
      'expired at 2026-01-31 12:00:00 UTC, less than a minute ago',
    );
    expect(expired(end + 27 * 3_600_000 + 60_000).message).toContain('1 day 3 hours ago');
    expect(expired(end + 61 * 60_000).message).toContain('1 hour 1 minute ago');
    expect(() => {
      requireCurrent(end, end - 1);
    }).not.toThrow();
  });

  it('warn when they hold longer than AWS gives, because then a clock is wrong or the file was changed', () => {
    const [warning] = load(paramsJson(), 'RSAES_OAEP_SHA_256', NOW_MS - 3_600_000).warnings;
    expect(warning).toContain('more than the 24 hours');
    expect(load(paramsJson(), 'RSAES_OAEP_SHA_256', NOW_MS - 60_000).warnings).toEqual([]);
  });

  it('refuse missing, unknown, doubled and nested members', () => {
    for (const name of ['KeyId', 'ImportToken', 'PublicKey', 'ParametersValidTo'])
      expect(refusalOf(paramsJson({ [name]: undefined }))).toContain(`${name} is missing`);
    expect(refusalOf(paramsJson({ Extra: 'x' }))).toContain('a member that AWS does not send');
    expect(refusalOf(paramsJson({ __proto__x: 'x' }))).toContain('a member that AWS does not send');
    const text = new TextDecoder().decode(paramsJson());
    const doubled = text.replace(
      '"ImportToken"',
      '"KeyId": "arn:aws:kms:eu-central-1:999999999999:key/mrk-00000000000000000000000000000000", "ImportToken"',
    );
    expect(refusalOf(utf8(doubled))).toContain('the member "KeyId" is there twice');
    const escaped = doubled.replace(
      '"KeyId": "arn:aws:kms:eu-central-1:9',
      '"Key\\u0049d": "arn:aws:kms:eu-central-1:9',
    );
    expect(refusalOf(utf8(escaped))).toContain('is there twice');
    expect(refusalOf(paramsJson({ KeyId: { a: 1 } }))).toContain('neither a string nor a number');
    expect(refusalOf(paramsJson({ KeyId: null }))).toContain('neither a string nor a number');
    expect(refusalOf(paramsJson({ KeyId: 5 }))).toContain('KeyId is a number where text belongs');
  });

  it('refuse what is not this one JSON object', () => {
    const text = new TextDecoder().decode(paramsJson());
    for (const bad of [
      `${text}x`,
      `${text}{}`,
      `[${text}]`,
      text.replace('}', ',}'),
      text.slice(0, -3),
      text.replaceAll('"', "'"),
      `// comment\n${text}`,
      '{}',
      'null',
      ' ',
    ])
      expect(refusalOf(utf8(bad))).toContain('params-malformed');
    expect(refusalOf(utf8(`${text}x`))).toContain('something follows the end of the object');
  });

  it('refuse other encodings with the way out', () => {
    const text = new TextDecoder().decode(paramsJson());
    expect(refusalOf(Uint8Array.of(0xff, 0xfe, ...Buffer.from(text, 'utf16le')))).toContain(
      'UTF-16, as Windows PowerShell writes',
    );
    expect(refusalOf(Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8(text)))).toContain('byte order mark');
    expect(refusalOf(Uint8Array.of(...utf8(text), 0xff))).toContain('not UTF-8');
    expect(refusalOf(new Uint8Array())).toContain('empty');
    expect(refusalOf(utf8(text + ' '.repeat(65_536)))).toContain('65536 is the most');
    expect(load(utf8(text + ' '.repeat(65_536 - text.length))).keyArn).toBe(ARN);
  });

  it('refuse base64 in a second spelling, and token lengths out of range', () => {
    const token = (length: number) => Buffer.alloc(length, 7).toString('base64');
    expect(refusalOf(paramsJson({ ImportToken: `${token(30)}\n` }))).toContain('white space');
    expect(refusalOf(paramsJson({ ImportToken: 'Zm9-' }))).toContain('not standard base64');
    expect(refusalOf(paramsJson({ ImportToken: 'Zm9=' }))).toContain('unused bits');
    expect(refusalOf(paramsJson({ PublicKey: 'Zg' }))).toContain('PublicKey');
    expect(refusalOf(paramsJson({ ImportToken: '' }))).toContain('ImportToken has 0 bytes');
    expect(refusalOf(paramsJson({ ImportToken: token(8193) }))).toContain('8193 bytes');
    expect(load(paramsJson({ ImportToken: token(8192) })).importToken.length).toBe(8192);
    expect(load(paramsJson({ ImportToken: token(1) })).importToken.length).toBe(1);
  });

  it('refuse every wrapping key but RSA 2048, 3072 and 4096', () => {
    const withKey = (spki: Uint8Array) =>
      paramsJson({ PublicKey: Buffer.from(spki).toString('base64') });
    for (const bits of [2048, 4096])
      expect(load(withKey(wrappingPair(bits).spki)).wrappingKey.bits).toBe(bits);
    expect(refusalOf(withKey(wrappingPair(1024).spki))).toMatch(
      /^wrapping-key-refused.*1024 bits/u,
    );
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    expect(refusalOf(withKey(ec.export({ format: 'der', type: 'spki' })))).toMatch(
      /^wrapping-key-refused.*elliptic-curve/u,
    );
    expect(refusalOf(withKey(Uint8Array.of(...pair3072.spki, 0)))).toContain('bytes too many');
  });

  it('refuse a key in China, where SYMMETRIC_DEFAULT is SM4', () => {
    const KeyId = 'arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    expect(refusal(paramsJson({ KeyId })).code).toBe('mechanism-unsupported');
  });

  it('never crash on bytes of any kind', () => {
    const whole = paramsJson();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat({ max: whole.length }),
        fc.nat({ max: 60 }),
        (noise, at, cut) => {
          const bytes = Uint8Array.of(...whole.slice(0, at), ...noise, ...whole.slice(at + cut));
          try {
            load(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(KeymootError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the ARN of a KMS key', () => {
  it.each([
    [ARN, 'eu-central-1', false],
    [
      'arn:aws:kms:us-east-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
      'us-east-2',
      true,
    ],
    [
      'arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      'us-gov-west-1',
      false,
    ],
    [
      'arn:aws-cn:kms:cn-northwest-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      'cn-northwest-1',
      false,
    ],
  ])('is taken: %s', (arn, region, multiRegion) => {
    expect(parseAwsKeyArn(arn)).toMatchObject({ arn, region, multiRegion });
  });

  it.each([
    '',
    `${ARN}\n`,
    ` ${ARN}`,
    `${ARN}$(touch x)`,
    `${ARN};id`,
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws:kms:eu-central-1:111122223333:alias/mine',
    'arn:aws:kms:eu-central-1:111122223333:key/1234ABCD-12ab-34cd-56ef-1234567890ab',
    'arn:aws:kms:eu-central-1:11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws:kms:$(touch x)-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws:kms:eu-central-1`id`:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws-cn:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws-iso:kms:us-iso-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws:s3:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  ])('is refused: %j', (arn) => {
    expect(parseAwsKeyArn(arn)).toBeUndefined();
    expect(refusalOf(paramsJson({ KeyId: arn }))).toContain('KeyId is not the ARN of a KMS key');
  });
});

describe('flat JSON', () => {
  it('says of every flat object what JSON.parse says', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'grapheme' }),
          fc.oneof(
            fc.string({ unit: 'grapheme' }),
            fc.double({ noNaN: true, noDefaultInfinity: true }),
          ),
        ),
        fc.constantFrom(0, 2),
        (object, indent) => {
          const read = parseFlatObject(JSON.stringify(object, null, indent));
          const values = [...read].map(([name, value]) => [
            name,
            value.type === 'string' ? value.value : Number(value.digits),
          ]);
          expect(values).toEqual(
            Object.entries(object).map(([name, value]) => [name, value === 0 ? 0 : value]),
          );
        },
      ),
    );
  });

  it('refuses half a surrogate pair, raw control characters and numbers with leading zeros', () => {
    for (const bad of [
      '{"a":"\\ud800"}',
      '{"a":"\n"}',
      '{"a":01}',
      '{"a":+1}',
      '{"a":.5}',
      '{"a":"\\x41"}',
    ])
      expect(() => parseFlatObject(bad), bad).toThrow(RangeError);
  });
});
