import type { Claim, Witness } from '../../shared/domain/basics.ts';

const MARKS: Readonly<Record<Witness, { mark: string; words: string }>> = {
  device: { mark: '▣', words: 'The device itself says so: read back or attested.' },
  person: { mark: '✎', words: 'A person signed this with their own key.' },
  desk: { mark: '▭', words: 'Only this desk’s word.' },
};

/** The witness of a claim. The same three marks everywhere, always with the word. */
export const Says = ({ who }: { who: Witness }) => (
  <span className="says" title={MARKS[who].words}>
    <span aria-hidden="true">{MARKS[who].mark}</span>
    {who}
  </span>
);

export const Claims = ({ claims }: { claims: readonly Claim[] }) => (
  <ul style={{ listStyle: 'none', padding: 0, margin: 0 }}>
    {claims.map(({ claim, says }) => (
      <li
        key={claim}
        style={{ display: 'flex', gap: 12, justifyContent: 'space-between', padding: '5px 0' }}
      >
        <span>{claim}</span>
        <Says who={says} />
      </li>
    ))}
  </ul>
);
