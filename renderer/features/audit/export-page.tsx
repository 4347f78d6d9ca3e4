/** Export in three steps: the bundle, the trust file by a different route, and instructions for verifying both elsewhere. */
import { Text, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { Output } from '../../../shared/contract/index.ts';
import { ROLES } from '../../../shared/domain/people.ts';
import { Act } from '../../app/act.tsx';
import { useDesk } from '../../app/desk-store.ts';
import { call } from '../../bridge/bridge.ts';
import { Quiet } from '../../ui/quiet.tsx';
import { Fingerprint, Short } from '../../ui/text.tsx';
import { choose } from './files.ts';
import { isolated } from '../../ui/isolated.ts';

type Bundle = Output<'log.export'> & { name: string };

const Exported = ({ bundle }: { bundle: Bundle }) => (
  <div className="notice" role="status">
    <b>
      ✓ “{isolated(bundle.name)}” has the log’s {bundle.size} entries in {bundle.files} files.
    </b>
    <dl className="audit-members" style={{ marginTop: 8 }}>
      <dt>Root</dt>
      <dd>
        <Short value={bundle.root} keep={12} label="root" />
      </dd>
      <dt>Log key’s SHA-256</dt>
      <dd>
        <Short value={bundle.keySha256} keep={12} label="log key’s fingerprint" />
      </dd>
    </dl>
  </div>
);

const TrustFile = () => {
  const sealed = useDesk((desk) => desk.status?.log.sealed);
  const [saved, setSaved] = useState<Output<'log.saveTrust'>>();
  const [trust, setTrust] = useState<Output<'log.trust'>>();
  useEffect(() => {
    let stale = false;
    void call('log.trust', {}).then((answer) => {
      if (!stale && answer.ok) setTrust(answer.value);
    });
    return () => {
      stale = true;
    };
  }, [sealed]);
  return (
    <>
      <Text mb="md">
        It names this log, its key, the last checkpoint and the founders’ keys. There is no secret
        in it, and everything rests on it: take it to the auditor <b>another way than the bundle</b>
        , and read the fingerprint to each other. Whoever could replace both on one way could forge
        the log.
      </Text>
      <Act
        channel="log.saveTrust"
        people={[]}
        label="Save the trust file"
        input={async () => {
          const place = await choose(
            'trust',
            'No file was named, so nothing was written.',
            'trust.json',
          );
          return place.ok ? { ok: true, value: { grant: place.value.grant } } : place;
        }}
        onDone={setSaved}
      />
      {saved === undefined ? null : (
        <div className="notice" role="status" style={{ marginTop: 14 }}>
          <b>✓ “{isolated(saved.name)}” is written.</b>
          <dl className="audit-members" style={{ margin: '8px 0 14px' }}>
            <dt>The file’s SHA-256</dt>
            <dd>
              <Short value={saved.sha256} keep={12} label="trust file’s SHA-256" />
            </dd>
          </dl>
          <Text size="sm" mb={8}>
            The log key’s fingerprint, to read aloud:
          </Text>
          <Fingerprint hex={saved.keySha256} />
        </div>
      )}
      {trust === undefined ? null : (
        <details style={{ marginTop: 14 }}>
          <summary>What is in it</summary>
          <pre className="audit-text" tabIndex={0} aria-label="Trust file">
            {JSON.stringify(trust, undefined, 2)}
          </pre>
        </details>
      )}
    </>
  );
};

export const ExportPage = () => {
  const log = useDesk((desk) => desk.status?.log);
  const [bundle, setBundle] = useState<Bundle>();
  const name = useRef('');
  if (log === undefined) return null;

  return (
    <ol className="audit-steps">
      <li>
        <Title order={2} size="h4" mb={4}>
          The bundle
        </Title>
        <Text mb="md">
          One person exports. The log is sealed first; then the whole of it, {log.size} entries and
          the entry about this export, is written to a new folder that you name. Names of people are
          not in it, only their ids.
        </Text>
        <Act
          channel="log.export"
          people={[{ title: 'Exported by', roles: ROLES }]}
          label="Export the log to a new folder"
          input={async () => {
            const place = await choose(
              'bundle',
              'No folder was named, so nothing was exported.',
              'audit-bundle',
            );
            if (!place.ok) return place;
            name.current = place.value.name;
            return { ok: true, value: { grant: place.value.grant } };
          }}
          onDone={(value) => {
            setBundle({ ...value, name: name.current });
          }}
          disabled={
            log.signer === 'NO SIGNER'
              ? 'There is no signer, and an export begins with a seal. Open the desk on the Overview first.'
              : undefined
          }
        />
        {bundle === undefined ? null : (
          <div style={{ marginTop: 14 }}>
            <Exported bundle={bundle} />
          </div>
        )}
      </li>
      <li>
        <Title order={2} size="h4" mb={4}>
          The trust file
        </Title>
        {bundle === undefined ? (
          <Quiet>
            <TrustFile />
          </Quiet>
        ) : (
          <TrustFile />
        )}
      </li>
      <li>
        <Title order={2} size="h4" mb={4}>
          Verify it elsewhere
        </Title>
        <Text>
          On another computer, with Keymoot or with the one-file verifier, which shares no code with
          this desk:
        </Text>
        <pre className="audit-text" tabIndex={0} aria-label="Commands that verify">
          {`keymoot verify ${bundle?.name ?? 'audit-bundle'} --trust trust.json\nnode keymoot-verify.mjs ${bundle?.name ?? 'audit-bundle'} --trust trust.json`}
        </pre>
        <Text>
          Or in this window, under <a href="#/audit/verify">Verify a bundle</a>.
        </Text>
      </li>
    </ol>
  );
};
