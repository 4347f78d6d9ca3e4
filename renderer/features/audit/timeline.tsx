/** The timeline: newest first; only the visible rows are drawn, and entries are loaded in blocks while scrolling. */
import { Button, NativeSelect, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { ErrorBox } from '../../ui/messages.tsx';
import { PartOnPaper } from '../../ui/text.tsx';
import { Says } from '../../ui/says.tsx';
import { Arrive } from './arrive.tsx';
import { isKind, KINDS, OUTCOMES, type Kind, type Outcome } from './entry.ts';
import {
  BLOCK,
  forgetLog,
  isFiltered,
  keepScroll,
  readBlock,
  search,
  setFilter,
  useLog,
  type Row,
} from './log-store.ts';
import { isolatedQuotes } from '../../ui/isolated.ts';

const ROW_PX = 36;
const scroller = (): HTMLElement | null => document.getElementById('work');
const second = (time: string): string => time.slice(0, 19).replace('T', ' ');
const isOutcome = (value: string): value is Outcome => Object.hasOwn(OUTCOMES, value);

const Filters = ({ size }: { size: number }) => {
  const filter = useLog((log) => log.filter);
  const [words, setWords] = useState(filter.words);
  useEffect(() => {
    if (filter.words === '') setWords('');
  }, [filter.words]);
  const [goTo, setGoTo] = useState('');
  const later = useDebouncedCallback((value: string) => {
    setFilter({ words: value });
  }, 150);
  const wanted = /^\d{1,15}$/.test(goTo.trim()) ? Number(goTo) : undefined;
  return (
    <div className="audit-filters" role="search" aria-label="The timeline">
      <NativeSelect
        label="Kind"
        value={filter.kind}
        data={[
          { value: '', label: 'All kinds' },
          ...(Object.keys(KINDS) as Kind[]).map((kind) => ({
            value: kind,
            label: KINDS[kind].title,
          })),
        ]}
        onChange={({ currentTarget: { value } }) => {
          setFilter({ kind: isKind(value) ? value : '' });
        }}
      />
      <NativeSelect
        label="Outcome"
        value={filter.outcome}
        data={[
          { value: '', label: 'All outcomes' },
          ...Object.keys(OUTCOMES).map((outcome) => ({ value: outcome, label: outcome })),
        ]}
        onChange={({ currentTarget: { value } }) => {
          setFilter({ outcome: isOutcome(value) ? value : '' });
        }}
      />
      <TextInput
        label="Words"
        placeholder="name, label, CKR_…"
        value={words}
        maxLength={200}
        onChange={({ currentTarget: { value } }) => {
          setWords(value);
          later(value);
        }}
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted !== undefined && wanted < size) go('audit', String(wanted));
        }}
      >
        <TextInput
          label="Go to entry"
          placeholder={size === 0 ? '' : `0 to ${size - 1}`}
          value={goTo}
          inputMode="numeric"
          maxLength={15}
          error={
            goTo !== '' && (wanted === undefined || wanted >= size)
              ? `There are entries 0 to ${size - 1}.`
              : undefined
          }
          onChange={({ currentTarget: { value } }) => {
            setGoTo(value);
          }}
        />
      </form>
    </div>
  );
};

const Cells = ({ row }: { row: Row }) => (
  <>
    <span role="cell" className="number mono">
      {row.seq}
    </span>
    <span role="cell" className="mono when">
      <time dateTime={row.time}>{second(row.time)}</time>
    </span>
    <span role="cell" title={row.text}>
      <a href={`#/audit/${row.seq}`}>{isolatedQuotes(row.text)}</a>
    </span>
    <span role="cell" className="by" title={row.by}>
      {row.by}
    </span>
    <span role="cell" className="came" title={OUTCOMES[row.outcome].words}>
      <b aria-hidden="true">{OUTCOMES[row.outcome].mark}</b>
      {row.outcome}
    </span>
    <span role="cell" className="whose">
      <Says who={row.says} />
      {row.signers > 1 ? <span className="says">×{row.signers}</span> : null}
    </span>
  </>
);

const Rows = ({ size }: { size: number }) => {
  useLog((log) => log.read);
  const { rows } = useLog.getState();
  const filter = useLog((log) => log.filter);
  const found = useLog((log) => log.found);
  const down = useLog((log) => log.down);
  const top = useLog((log) => log.top);
  const searching = useLog((log) => log.searching);
  const filtered = isFiltered(filter);
  const count = filtered ? found.length : size;
  const body = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);

  const seqAt = (index: number): number => (filtered ? (found[index] ?? 0) : size - 1 - index);
  const virtual = useVirtualizer({
    count,
    getScrollElement: scroller,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: margin,
    getItemKey: seqAt,
  });
  const items = virtual.getVirtualItems();

  // Measures where the list begins within the scrolling element, and restores its scroll position.
  useLayoutEffect(() => {
    const outer = scroller();
    if (outer === null || body.current === null) return undefined;
    const element = body.current;
    const measure = () => {
      setMargin(
        element.getBoundingClientRect().top - outer.getBoundingClientRect().top + outer.scrollTop,
      );
    };
    measure();
    outer.scrollTop = useLog.getState().scroll;
    const watch = new ResizeObserver(measure);
    watch.observe(outer);
    const kept = () => {
      keepScroll(outer.scrollTop);
    };
    outer.addEventListener('scroll', kept, { passive: true });
    return () => {
      watch.disconnect();
      outer.removeEventListener('scroll', kept);
      outer.scrollTop = 0;
    };
  }, []);

  // New entries appear at the top: the scroll position is corrected, so that the visible rows stay in place.
  const before = useRef(count);
  useLayoutEffect(() => {
    const outer = scroller();
    const added = count - before.current;
    before.current = count;
    if (outer !== null && !filtered && added > 0 && outer.scrollTop > margin)
      outer.scrollTop += added * ROW_PX;
  }, [count, filtered, margin]);

  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (filtered || size === 0) return undefined;
    const high = Math.floor((size - 1 - first) / BLOCK);
    const low = Math.floor(Math.max(0, size - 1 - last) / BLOCK);
    const timer = window.setTimeout(() => {
      for (let block = high; block >= low; block--) void readBlock(block, size);
    }, 30);
    return () => {
      window.clearTimeout(timer);
    };
  }, [filtered, size, first, last]);
  useEffect(() => {
    void search(size);
  }, [filter, size]);

  return (
    <>
      <Text size="sm" c="dimmed" role="status" mb={6}>
        {filtered
          ? `${found.length} of ${top - down} entries looked through${searching ? ', still looking' : down > 0 ? `; ${down} older ones are left` : '; that is the whole log'}.`
          : `${size} ${size === 1 ? 'entry' : 'entries'}.`}
      </Text>
      {filtered && !searching && count === 0 && down === 0 ? (
        <>
          <Text fw={600} mt="md">
            Nothing fits
          </Text>
          <Text c="dimmed" mb="md">
            No entry of this log is of that kind and outcome and has all of those words.
          </Text>
          <Button
            variant="default"
            onClick={() => {
              setFilter({ kind: '', outcome: '', words: '' });
            }}
          >
            Show all entries
          </Button>
        </>
      ) : (
        <>
          <PartOnPaper whole="the export of the log" />
          <div
            className="audit-timeline"
            role="table"
            aria-label="Entries"
            aria-rowcount={count + 1}
          >
            <div className="head" role="rowgroup">
              <div role="row" aria-rowindex={1}>
                <span role="columnheader" className="number">
                  Entry
                </span>
                <span role="columnheader" className="when">
                  UTC
                </span>
                <span role="columnheader">What happened</span>
                <span role="columnheader" className="by">
                  By
                </span>
                <span role="columnheader">Outcome</span>
                <span role="columnheader" className="whose">
                  Says
                </span>
              </div>
            </div>
            <div
              className="body"
              role="rowgroup"
              ref={body}
              style={{ height: virtual.getTotalSize() }}
            >
              {items.map(({ index, start, key }) => {
                const row = rows.get(seqAt(index));
                return (
                  <div
                    key={key}
                    role="row"
                    aria-rowindex={index + 2}
                    style={{ height: ROW_PX, transform: `translateY(${start - margin}px)` }}
                  >
                    {row === undefined ? (
                      <>
                        <span role="cell" className="number mono">
                          {seqAt(index)}
                        </span>
                        <span role="cell" className="says">
                          being read
                        </span>
                      </>
                    ) : (
                      <Cells row={row} />
                    )}
                  </div>
                );
              })}
            </div>
          </div>
        </>
      )}
      {filtered && !searching && down > 0 ? (
        <Button
          variant="default"
          mt="md"
          onClick={() => {
            void search(size, true);
          }}
        >
          Look through older entries
        </Button>
      ) : null}
    </>
  );
};

export const Timeline = () => {
  const status = useDesk((desk) => desk.status);
  const error = useLog((log) => log.error);
  const nobody = status?.here.length === 0;
  useEffect(() => {
    if (nobody) forgetLog();
  }, [nobody]);
  if (status === undefined) return null;
  if (nobody) return <Arrive />;
  return (
    <>
      <Filters size={status.log.size} />
      <ErrorBox error={error} />
      <Rows size={status.log.size} />
    </>
  );
};
