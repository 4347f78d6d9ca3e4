/** The inventory. Of thousands of rows only the visible ones are drawn. */
import './keys.css';
import { TextInput } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import type { KeySummary } from '../../../shared/domain/keys.ts';
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { PartOnPaper } from '../../ui/text.tsx';
import { withoutCheck } from './check.ts';

const ROW = 37;

/** The text that a search matches, in lower case. */
const searched = ({
  label,
  algorithm,
  purpose,
  at,
  state,
  origin,
  check,
  spkiSha256,
}: KeySummary) =>
  `${label} ${algorithm} ${purpose} ${at.token.label} ${state} ${origin} ${check?.value ?? ''} ${spkiSha256 ?? ''}`.toLowerCase();

export const KeyList = () => {
  const keys = useDesk((desk) => desk.keys);
  const total = useDesk((desk) => desk.keyTotal);
  const [query, setQuery] = useState('');
  const wanted = useDeferredValue(query.trim().toLowerCase());
  const texts = useMemo(() => keys.map(searched), [keys]);
  const rows = useMemo(
    () => (wanted === '' ? keys : keys.filter((_, at) => texts[at]?.includes(wanted) === true)),
    [keys, texts, wanted],
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
        actions={<GoButton to={['keys', 'generate']}>Generate a key</GoButton>}
      >
        {keys.length === 0
          ? undefined
          : `${rows.length} of ${total}${keys.length < total ? ', still being read' : ''}`}
      </PageHead>
      {keys.length === 0 ? (
        <Empty title="No keys yet">
          Generate one in a token, or form one from components in a ceremony. What you see here then
          is what the token says, never the key itself.
        </Empty>
      ) : (
        <>
          <TextInput
            className="no-print"
            aria-label="Search keys"
            placeholder="Search by label, algorithm, token, check value or fingerprint"
            value={query}
            onChange={(event) => {
              setQuery(event.currentTarget.value);
            }}
            maw="36em"
            mb="md"
          />
          <PartOnPaper whole="keymoot keys list" />
          <div ref={scroller} className="key-rows" tabIndex={0} role="region" aria-label="Keys">
            {/* Each row has one line at any width: the virtual list relies on equal heights. */}
            <table className="list" style={{ whiteSpace: 'nowrap' }}>
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
                    <tr key={key.id} data-leads>
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
                            ? withoutCheck(key)
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
