import { useEffect, useState } from 'react';

/** What the call waits for, and the elapsed time: shown after a second. */
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
      {text} {/* A screen reader announces new text, not each second. */}
      <span aria-hidden="true">{seconds} s</span>
    </div>
  );
};
