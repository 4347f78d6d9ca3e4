/** The inventory, a key's page, and the wizard that makes one. */
import { Button, Checkbox, NativeSelect, Text, TextInput, Title } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { Act, PinFields, usePinFields } from '../../app/act.tsx';
import { refreshKeys, refreshTokens, useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { call, pinHalves } from '../../bridge/bridge.ts';
import type { Output } from '../../../shared/contract/index.ts';
import { ALGORITHMS, type Algorithm, type Purpose } from '../../../shared/domain/keys.ts';
import type { TokenRef } from '../../../shared/domain/tokens.ts';
import { Empty, ErrorBox, Facts, PageHead } from '../../ui/messages.tsx';
import { Claims } from '../../ui/says.tsx';
import { Fingerprint, Short, Time } from '../../ui/text.tsx';

export const keysHelp = [
  'Every key this desk knows, with what its token says of it. The keys themselves are in the tokens; here are only names, dates and attributes as read back.',
  'A key has one purpose, and its template switches on what that purpose needs and nothing else.',
  '“Origin” comes from the device: generated, imported, or unknown where the device doesn’t say.',
  'A check value (KCV) lets two people see whether they hold the same key without showing it. It is always named with its method; values of different methods are never compared.',
  'Destroying asks for the key’s name, typed, and two people, and proves the absence from a new process.',
] as const;

const PURPOSES: Readonly<Record<string, readonly Purpose[]>> = {
  AES: ['encrypt', 'mac', 'wrap'],
  RSA: ['sign', 'decrypt', 'unwrap'],
  'P-': ['sign', 'agree'],
  Ed: ['sign'],
};
const purposesOf = (algorithm: Algorithm): readonly Purpose[] =>
  Object.entries(PURPOSES).find(([start]) => algorithm.startsWith(start))?.[1] ?? [];
const PURPOSE_WORDS: Readonly<Record<Purpose, string>> = {
  encrypt: 'encrypt and decrypt data',
  mac: 'authenticate messages (MAC)',
  wrap: 'wrap and unwrap other keys',
  sign: 'sign',
  decrypt: 'decrypt',
  unwrap: 'unwrap other keys',
  agree: 'agree on keys (ECDH)',
};

const Generate = () => {
  const modules = useDesk((desk) => desk.modules);
  useEffect(() => {
    void refreshTokens();
  }, []);
  const places: { at: TokenRef; title: string }[] = (modules ?? []).flatMap(({ module, tokens }) =>
    tokens
      .filter(({ initialised, identity }) => initialised && identity.label !== 'log')
      .map(({ identity }) => ({
        at: { module: module.id, token: identity },
        title: `${identity.label} (${identity.model}${module.training ? ', training' : ''})`,
      })),
  );
  const [place, setPlace] = useState(0);
  const [algorithm, setAlgorithm] = useState<Algorithm>('AES-256');
  const [purpose, setPurpose] = useState<Purpose>('encrypt');
  const [label, setLabel] = useState('');
  const [extractable, setExtractable] = useState(false);
  const signer = useDesk((desk) => desk.status?.log.signer);
  const pin = usePinFields();
  const at = places[place]?.at;
  const fits = purposesOf(algorithm);
  const chosen = fits.includes(purpose) ? purpose : (fits[0] ?? 'sign');
  if (modules !== undefined && places.length === 0)
    return (
      <Empty
        title="No token to make a key in"
        action={
          <Button
            onClick={() => {
              go('tokens', 'train');
            }}
          >
            Make a training token
          </Button>
        }
      >
        Keys are made inside a token. Attach one and add its module, or make a training token.
      </Empty>
    );
  return (
    <div>
      <PageHead title="Generate a key">
        Made inside the token, read back, compared with what was asked for, and recorded. Two
        people, and both halves of the token’s PIN.
      </PageHead>
      <Act
        channel="keys.generate"
        people={[
          { title: 'First person', roles: ['administrator', 'officer', 'operator'] },
          { title: 'Second person', roles: ['administrator', 'officer', 'operator'] },
        ]}
        label={`Generate ${algorithm}${at === undefined ? '' : ` in token “${at.token.label}”`}`}
        disabled={
          signer === 'NO SIGNER'
            ? 'The log can’t be sealed now. Open the desk on the overview first.'
            : at === undefined
              ? 'Looking for tokens.'
              : label.trim() === ''
                ? 'Give the key a label first.'
                : undefined
        }
        input={async () => {
          if (at === undefined)
            return { ok: false, error: { code: 'token-missing', message: 'No token is chosen.' } };
          const login = await pinHalves(pin.take(), 'keys.generate');
          return login.ok
            ? {
                ok: true,
                value: {
                  at,
                  algorithm,
                  purpose: chosen,
                  label: label.trim(),
                  extractable,
                  login: login.value,
                },
              }
            : login;
        }}
        onDone={({ key }) => {
          void refreshKeys();
          go('keys', key.id);
        }}
      >
        <NativeSelect
          label="Token"
          value={String(place)}
          data={places.map(({ title }, index) => ({ value: String(index), label: title }))}
          onChange={(event) => {
            setPlace(Number(event.currentTarget.value));
          }}
        />
        <NativeSelect
          label="Algorithm"
          value={algorithm}
          data={[...ALGORITHMS]}
          onChange={(event) => {
            setAlgorithm(event.currentTarget.value as Algorithm);
          }}
        />
        <NativeSelect
          label="What it is for"
          description="One purpose a key; nothing beyond it is switched on."
          value={chosen}
          data={fits.map((value) => ({ value, label: PURPOSE_WORDS[value] }))}
          onChange={(event) => {
            setPurpose(event.currentTarget.value as Purpose);
          }}
        />
        <TextInput
          label="Label"
          maxLength={64}
          value={label}
          onChange={(event) => {
            setLabel(event.currentTarget.value);
          }}
        />
        <Checkbox
          label="May leave the token wrapped, for an export (never readable in the clear)"
          checked={extractable}
          onChange={(event) => {
            setExtractable(event.currentTarget.checked);
          }}
        />
        <PinFields of="Token’s PIN" fields={pin} />
      </Act>
    </div>
  );
};

const KeyPage = ({ id }: { id: string }) => {
  const [view, setView] = useState<Output<'keys.show'>>();
  const [error, setError] = useState<Parameters<typeof ErrorBox>[0]['error']>();
  const [destroying, setDestroying] = useState(false);
  const [typed, setTyped] = useState('');
  const changes = useDesk((desk) => desk.changes.log);
  const pin = usePinFields();
  useEffect(() => {
    void call('keys.show', { key: id }).then((answer) => {
      if (answer.ok) setView(answer.value);
      else setError(answer.error);
    });
  }, [id, changes]);
  if (view === undefined) return <ErrorBox error={error} />;
  const { key, claims, words } = view;
  return (
    <div className="columns">
      <div>
        <PageHead title={key.label}>
          {key.algorithm}, {PURPOSE_WORDS[key.purpose]}. State: {key.state}.
        </PageHead>
        <Title order={3}>What is known, and whose word it is</Title>
        <Claims claims={claims} />
        {key.spkiSha256 === undefined ? null : (
          <section style={{ marginTop: 28 }}>
            <Title order={3} mb="sm">
              Fingerprint of the public key
            </Title>
            <Fingerprint hex={key.spkiSha256} words={words} />
          </section>
        )}
        <section style={{ marginTop: 28 }}>
          <Title order={3}>Attributes, as read back</Title>
          <table className="list">
            <tbody>
              {Object.entries(key.attributes).map(([name, value]) => (
                <tr key={name}>
                  <td className="mono">{name}</td>
                  <td className="mono">
                    {typeof value === 'string' && value.length > 40 ? (
                      <Short value={value} label={name} />
                    ) : (
                      String(value)
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        {key.state === 'destroyed' ? null : (
          <section
            style={{ marginTop: 40, borderTop: '1px solid var(--keymoot-line)', paddingTop: 20 }}
          >
            {destroying ? (
              <>
                <Title order={3} mb="xs">
                  Destroy this key
                </Title>
                <Text mb="md">
                  It can’t be taken back. Copies that left the token, if there are any, are not
                  reached by this.
                </Text>
                <Act
                  channel="keys.destroy"
                  danger
                  people={[
                    { title: 'First person', roles: ['administrator', 'officer'] },
                    { title: 'Second person', roles: ['administrator', 'officer'] },
                  ]}
                  label={`Destroy “${key.label}”`}
                  disabled={typed === key.label ? undefined : 'Type the key’s label exactly.'}
                  input={async () => {
                    const login = await pinHalves(pin.take(), 'keys.destroy');
                    return login.ok
                      ? { ok: true, value: { key: id, typed, login: login.value } }
                      : login;
                  }}
                  onDone={() => {
                    setDestroying(false);
                    void refreshKeys();
                  }}
                >
                  <TextInput
                    label={`Type the label: ${key.label}`}
                    value={typed}
                    onChange={(event) => {
                      setTyped(event.currentTarget.value);
                    }}
                  />
                  <PinFields of={`PIN of token “${key.at.token.label}”`} fields={pin} />
                </Act>
              </>
            ) : (
              <Button
                variant="subtle"
                color="red"
                onClick={() => {
                  setDestroying(true);
                }}
              >
                Destroy this key
              </Button>
            )}
          </section>
        )}
      </div>
      <aside>
        <Facts
          rows={[
            ['Token', key.at.token.label],
            ['Serial number', <span className="mono">{key.at.token.serial}</span>],
            ['CKA_ID', <Short value={key.ckaid} keep={6} label="CKA_ID" />],
            ['Origin', key.origin],
            ['Control', key.control.replace('-', ' ')],
            [
              'Check value',
              key.check === undefined ? (
                'not available'
              ) : (
                <span className="mono">{`${key.check.method} ${key.check.value}`}</span>
              ),
            ],
            ['May leave wrapped', key.extractable ? 'yes' : 'no'],
            ['Made', <Time at={key.created} />],
            ...(key.ceremony === undefined
              ? []
              : ([
                  ['Ceremony', <a href={`#/ceremonies/${key.ceremony}`}>formed in a ceremony</a>],
                ] as const)),
          ]}
        />
        {key.extractable && key.state === 'active' && key.algorithm === 'AES-256' ? (
          <Button
            mt="md"
            onClick={() => {
              go('exports', 'new', id);
            }}
          >
            Export to AWS KMS
          </Button>
        ) : null}
      </aside>
    </div>
  );
};

const ROW = 37;

/** Thousands of rows: only those in view are drawn. */
const List = () => {
  const keys = useDesk((desk) => desk.keys);
  const [query, setQuery] = useState('');
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const rows = useMemo(
    () =>
      keys.filter((key) =>
        wanted === ''
          ? true
          : `${key.label} ${key.algorithm} ${key.purpose} ${key.at.token.label} ${key.state} ${key.origin} ${key.check?.value ?? ''} ${key.spkiSha256 ?? ''}`
              .toLowerCase()
              .includes(wanted),
      ),
    [keys, wanted],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div>
      <PageHead
        title="Keys"
        actions={
          <Button
            onClick={() => {
              go('keys', 'generate');
            }}
          >
            Generate a key
          </Button>
        }
      >
        {keys.length === 0 ? undefined : `${rows.length} of ${keys.length}`}
      </PageHead>
      {keys.length === 0 ? (
        <Empty title="No keys yet">
          Generate one in a token, or form one from components in a ceremony. What you see here then
          is what the token says, never the key itself.
        </Empty>
      ) : (
        <>
          <TextInput
            aria-label="Search keys"
            placeholder="Search by label, algorithm, token, check value or fingerprint"
            value={query}
            onChange={(event) => {
              setQuery(event.currentTarget.value);
            }}
            maw="36em"
            mb="md"
          />
          <div
            ref={scroller}
            style={{ maxHeight: 'calc(100vh - 260px)', overflow: 'auto' }}
            tabIndex={0}
            role="region"
            aria-label="Keys"
          >
            <table className="list">
              <thead>
                <tr>
                  <th>Label</th>
                  <th>Algorithm</th>
                  <th>Purpose</th>
                  <th>Token</th>
                  <th>Origin</th>
                  <th>Check value or fingerprint</th>
                  <th>State</th>
                </tr>
              </thead>
              <tbody>
                {before > 0 ? (
                  <tr aria-hidden="true">
                    <td colSpan={7} style={{ height: before, padding: 0 }} />
                  </tr>
                ) : null}
                {items.map(({ index }) => {
                  const key = rows[index];
                  if (key === undefined) return null;
                  return (
                    <tr
                      key={key.id}
                      data-link
                      onClick={() => {
                        go('keys', key.id);
                      }}
                    >
                      <td>
                        <a href={`#/keys/${key.id}`}>{key.label}</a>
                      </td>
                      <td className="mono">{key.algorithm}</td>
                      <td>{key.purpose}</td>
                      <td>{key.at.token.label}</td>
                      <td>{key.origin}</td>
                      <td className="mono">
                        {key.spkiSha256 === undefined
                          ? key.check === undefined
                            ? 'not available'
                            : `${key.check.method} ${key.check.value}`
                          : `${key.spkiSha256.slice(0, 8)}…${key.spkiSha256.slice(-8)}`}
                      </td>
                      <td>{key.state}</td>
                    </tr>
                  );
                })}
                {after > 0 ? (
                  <tr aria-hidden="true">
                    <td colSpan={7} style={{ height: after, padding: 0 }} />
                  </tr>
                ) : null}
              </tbody>
            </table>
          </div>
        </>
      )}
    </div>
  );
};

export const Keys = ({ route }: { route: readonly string[] }) => {
  const [what] = route;
  if (what === 'generate') return <Generate />;
  if (what !== undefined && what !== '') return <KeyPage id={what} />;
  return <List />;
};
