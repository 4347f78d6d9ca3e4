/** Time left until something expires. It follows the wall clock, so it stays right after the machine slept. */
import './guided.css';
import { Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { utc } from './text.tsx';

const HOUR = 3600;

const left = (until: string): number =>
  Math.max(0, Math.floor((Date.parse(until) - Date.now()) / 1000));
const two = (value: number): string => String(value).padStart(2, '0');

export const Countdown = ({ until, onEnd }: { until: string; onEnd: () => void }) => {
  const [seconds, setSeconds] = useState(() => left(until));
  useEffect(() => {
    const timer = window.setInterval(() => {
      setSeconds(left(until));
    }, 500);
    return () => {
      window.clearInterval(timer);
    };
  }, [until]);
  const over = seconds === 0;
  useEffect(() => {
    if (over) onEnd();
    // Called once, at the end.
  }, [over]);
  const clock = `${two(Math.floor(seconds / HOUR))}:${two(Math.floor((seconds % HOUR) / 60))}:${two(seconds % 60)}`;
  return (
    <div>
      <div
        className={`countdown${seconds < HOUR ? ' stop' : ''}`}
        role="timer"
        aria-label={over ? 'Expired' : `${clock} left`}
      >
        {over ? 'EXPIRED' : clock}
      </div>
      <Text size="sm" c="dimmed">
        {over ? 'since' : 'left, until'} {utc(until)}
      </Text>
    </div>
  );
};
