import { useEffect, useState } from 'react';

/** What is being waited for, and how long it has taken: shown once that is more than a second. */
export const Waiting = ({ text }: { text: string }) => {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const began = performance.now();
    const timer = window.setInterval(() => {
      setSeconds(Math.floor((performance.now() - began) / 1000));
    }, 500);
    return () => {
      window.clearInterval(timer);
    };
  }, []);
  return seconds < 1 ? null : (
    <div className="notice" role="status">
      {text} {/* A screen reader says what is new, and not each second. */}
      <span aria-hidden="true">{seconds} s</span>
    </div>
  );
};
