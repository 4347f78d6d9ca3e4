/** The proof that an entry is in the sealed log, computed here step by step. */
import { Text, Title } from '@mantine/core';
import { bytesToHex } from '@noble/hashes/utils.js';
import { useEffect, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import { Act } from '../../app/act.tsx';
import { refreshStatus, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { call, type Answer } from '../../bridge/bridge.ts';
import { Commands } from '../../ui/commands.tsx';
import { ErrorBox } from '../../ui/messages.tsx';
import { Says } from '../../ui/says.tsx';
import { Short } from '../../ui/text.tsx';
import { fromBase64, keyHash, noteSignedBy, readNote, rootOf, toBase64 } from './proof.ts';

interface Given {
  proof: Answer<Output<'log.proof'>>;
  trust: Answer<Output<'log.trust'>>;
}

const check = (seq: number, leaf: Uint8Array, told: string, { proof, trust }: Given) => {
  if (!proof.ok) return undefined;
  const { path, size, root, note } = proof.value;
  const hashes = path.map(fromBase64);
  const whole = hashes.every((hash) => hash?.length === 32);
  const led = whole ? rootOf(leaf, seq, size, hashes as Uint8Array[]) : undefined;
  const head = note === undefined ? undefined : readNote(note);
  const spki = trust.ok ? trust.value.keys[0]?.spki : undefined;
  return {
    size,
    path,
    note,
    leads: bytesToHex(leaf) === told && led !== undefined && toBase64(led) === root,
    sealed:
      note !== undefined &&
      head?.size === size &&
      head.root === root &&
      spki !== undefined &&
      noteSignedBy(note, spki),
    key: spki === undefined ? '' : keyHash(spki),
    root,
  };
};

/** C2SP tlog-proof: header, index, hashes from the leaf up, an empty line, the checkpoint as it was signed. The command line writes the same. */
const tlogProof = (seq: number, path: readonly string[], note: string): string =>
  `c2sp.org/tlog-proof@v1\nindex ${seq}\n${path.map((node) => `${node}\n`).join('')}\n${note}`;

export const Proof = ({ seq, leaf, told }: { seq: number; leaf: Uint8Array; told: string }) => {
  const log = useDesk((desk) => desk.status?.log);
  const sealed = (log?.sealed ?? 0) > seq;
  const [given, setGiven] = useState<Given>();
  useEffect(() => {
    let stale = false;
    if (sealed)
      void Promise.all([call('log.proof', { seq }), call('log.trust', {})]).then(
        ([proof, trust]) => {
          if (!stale) setGiven({ proof, trust });
        },
      );
    return () => {
      stale = true;
    };
  }, [seq, sealed]);
  const checked = given === undefined ? undefined : check(seq, leaf, told, given);
  return (
    <section className="audit-section">
      <Title order={2} size="h4">
        Proof
      </Title>
      {!sealed ? (
        <>
          <Text maw="44em" mb="sm">
            This entry is not sealed yet, so there is no proof of it. Until it is, it rests on the
            desk’s word and on who signed it.
          </Text>
          <SealNow />
        </>
      ) : null}
      {given?.proof.ok === false ? <ErrorBox error={given.proof.error} /> : null}
      {checked === undefined ? null : !checked.leads ? (
        <div className="error" role="alert">
          <b>✕ The proof does not lead to the sealed root.</b> The entry shown is not the one that
          was sealed, or the proof is of another. Write nothing more at this desk, keep the data
          folder as evidence, and verify an exported bundle.
        </div>
      ) : (
        <div className="notice" role="status">
          <b>✓ This entry is in the sealed log of {checked.size} entries.</b> Calculated in this
          window: {checked.path.length} {checked.path.length === 1 ? 'hash leads' : 'hashes lead'}{' '}
          from its bytes to the root.
          <div>
            {checked.sealed ? (
              <>
                The log key signed that root, and the signature holds. <Says who="device" />
              </>
            ) : (
              <>
                No signature of the log key over that root could be checked here.{' '}
                <Says who="desk" />
              </>
            )}
          </div>
        </div>
      )}
      {checked === undefined ? null : (
        <details style={{ marginTop: 10 }}>
          <summary>The path, the checkpoint, and the proof to take along</summary>
          <dl className="audit-members" style={{ marginTop: 8 }}>
            <dt>Leaf</dt>
            <dd>
              <Short value={bytesToHex(leaf)} keep={12} label="leaf hash" />
            </dd>
            {checked.path.map((hash, at) => (
              <div key={at} style={{ display: 'contents' }}>
                <dt>Beside it, {at + 1} up</dt>
                <dd>
                  <Short value={hash} keep={12} label={`hash ${at + 1} of the path`} />
                </dd>
              </div>
            ))}
            <dt>Root</dt>
            <dd>
              <Short value={checked.root} keep={12} label="root" />
            </dd>
            <dt>Log key’s SHA-256</dt>
            <dd>
              <Short value={checked.key} keep={12} label="log key’s fingerprint" />
            </dd>
          </dl>
          {checked.note === undefined ? null : (
            <Commands
              label="The proof as a file: C2SP tlog-proof"
              lines={tlogProof(seq, checked.path, checked.note).trimEnd().split('\n')}
              copy="Copy the proof"
            />
          )}
        </details>
      )}
    </section>
  );
};

/** Seals the unsealed entries. The button names the entries that it covers. */
export const SealNow = () => {
  const log = useDesk((desk) => desk.status?.log);
  const nobody = useDesk((desk) => desk.status?.here.length === 0);
  const unsealed = log?.unsealed ?? 0;
  const open =
    log?.signer === 'NO SIGNER' ? (
      <GoButton variant="default" to={['overview']} mt="xs">
        Open the desk first
      </GoButton>
    ) : null;
  return (
    <>
      <Act
        channel="log.seal"
        people={[]}
        label={
          unsealed === 0
            ? 'Seal now'
            : `Seal ${unsealed} ${unsealed === 1 ? 'entry' : 'entries'} now`
        }
        input={() => ({ ok: true, value: {} })}
        onDone={() => void refreshStatus()}
        disabled={
          log?.signer === 'NO SIGNER'
            ? 'There is no signer: the desk has to be opened with the log token’s PIN.'
            : unsealed === 0
              ? 'Nothing waits: every entry is sealed.'
              : nobody
                ? 'Somebody has to be here. Arrive first, on the timeline.'
                : undefined
        }
      />
      {open}
    </>
  );
};
