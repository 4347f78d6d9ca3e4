/** The layout of guided work: three columns, one instruction, and a panel for reading aloud. */
import './guided.css';
import { useEffect, useRef, type ReactNode } from 'react';

export const Guided = ({
  bar,
  way,
  facts,
  children,
}: {
  /** Stays visible: title, words, device. */
  bar: ReactNode;
  way: ReactNode;
  facts: ReactNode;
  children: ReactNode;
}) => (
  <div className="guided">
    <div className="guided-bar">{bar}</div>
    <div className="guided-grid">
      <section className="guided-way" aria-label="Steps">
        {way}
      </section>
      <section className="guided-centre" aria-label="What to do now">
        {children}
      </section>
      <aside className="guided-facts" aria-label="People and facts">
        {facts}
      </aside>
    </div>
  </div>
);

/** One instruction. A new one gets the focus: a screen reader reads it, and the next Tab is its first field. */
export const Instruction = ({ of, children }: { of: string; children: ReactNode }) => {
  const here = useRef<HTMLHeadingElement>(null);
  const shown = useRef(of);
  useEffect(() => {
    if (shown.current === of) return;
    shown.current = of;
    here.current?.focus({ preventScroll: true });
    here.current?.closest('.work')?.scrollTo(0, 0);
  }, [of]);
  return (
    <h1 className="instruction" ref={here} tabIndex={-1} style={{ fontWeight: 500, margin: 0 }}>
      {children}
    </h1>
  );
};

export const ReadAloud = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="aloud" aria-label={title}>
    <h2>{title}</h2>
    {children}
  </section>
);

export const Acting = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="acting no-print" aria-label={title}>
    <h2>{title}</h2>
    {children}
  </section>
);

export const Side = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="side">
    <h2>{title}</h2>
    {children}
  </section>
);

/** A state as a word and a shape; colour only repeats them. */
export const StateMark = ({
  shape,
  word,
  tone,
}: {
  shape: string;
  word: string;
  tone?: 'due' | 'stop' | undefined;
}) => (
  <span className="state" data-tone={tone}>
    <span className="shape" aria-hidden="true">
      {shape}
    </span>
    {word}
  </span>
);

/** A count out of a total, drawn as marks. */
export const Meter = ({
  yes,
  no = 0,
  of,
  label,
}: {
  yes: number;
  no?: number;
  of: number;
  label: string;
}) => (
  <div className="meter" role="img" aria-label={label}>
    {Array.from({ length: of }, (_, at) => (
      <span
        key={at}
        data-on={at < yes ? '' : undefined}
        data-no={at >= yes && at < yes + no ? '' : undefined}
      />
    ))}
  </div>
);
