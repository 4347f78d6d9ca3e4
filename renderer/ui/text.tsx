/** Text that people compare, read aloud or copy. */
import { ActionIcon, Tooltip } from '@mantine/core';
import { hexToBytes } from '@noble/hashes/utils.js';
import { useMemo, useState } from 'react';
import { wordsOf } from '../../shared/pgp-words.ts';
import { copyText } from './copy.ts';

export const hexGroups = (hex: string): string[] => hex.match(/.{1,4}/g) ?? [];

/** Hex in fours with its words under them, four groups a line, for reading aloud. */
export const Fingerprint = ({ hex }: { hex: string }) => {
  const words = useMemo(() => wordsOf(hexToBytes(hex)), [hex]);
  return (
    <div className="fingerprint" role="group" aria-label="Fingerprint">
      {hexGroups(hex).map((group, at) => (
        <div key={at}>
          <div className="hex">{group}</div>
          <div className="words">{words.slice(at * 2, at * 2 + 2).join(' ')}</div>
        </div>
      ))}
    </div>
  );
};

/** Two sheets, or a tick: drawn, since not every font has these characters. */
const CopyMark = ({ done }: { done: boolean }) => (
  <svg
    width="14"
    height="14"
    viewBox="0 0 14 14"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.4"
    aria-hidden="true"
  >
    {done ? (
      <path d="M2 7.5 5.5 11 12 3.5" />
    ) : (
      <>
        <rect x="4.7" y="4.7" width="7.6" height="7.6" rx="1" />
        <path d="M9.3 2.7v-1h-7.6v7.6h1" />
      </>
    )}
  </svg>
);

/** A long identifier, shortened in the middle, with copy and "show all". */
export const Short = ({
  value,
  keep = 8,
  label,
}: {
  value: string;
  keep?: number;
  label: string;
}) => {
  const [whole, setWhole] = useState(false);
  const [copied, setCopied] = useState(false);
  const short =
    value.length <= keep * 2 + 1 ? value : `${value.slice(0, keep)}…${value.slice(-keep)}`;
  return (
    <span className="mono" style={{ overflowWrap: 'anywhere' }}>
      <button
        type="button"
        onClick={() => {
          setWhole(!whole);
        }}
        title={`${label}: ${whole ? 'shorten' : 'show all'}`}
        aria-expanded={whole}
        className="bare"
      >
        {whole ? value : short}
      </button>
      <span className="on-paper">{value}</span>
      <Tooltip label={copied ? 'Copied' : 'Copy'}>
        <ActionIcon
          variant="subtle"
          size="xs"
          ml={6}
          onClick={() => {
            setCopied(copyText(value));
          }}
          onBlur={() => {
            setCopied(false);
          }}
          aria-label={copied ? `${label} copied` : `Copy ${label}`}
        >
          <CopyMark done={copied} />
        </ActionIcon>
      </Tooltip>
    </span>
  );
};

/** A virtual list prints only its visible rows, and the paper says so. */
export const PartOnPaper = ({ whole }: { whole: string }) => (
  <p className="print-only">On this paper are only the rows that were in view; {whole} has all.</p>
);

/** 2026-11-22 14:05 UTC */
export const utc = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
export const Time = ({ at }: { at: string }) => <time dateTime={at}>{utc(at)}</time>;
