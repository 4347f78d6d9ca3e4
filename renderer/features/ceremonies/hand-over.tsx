/**
 * Before a component is typed the ceremony's screen is blank, and says who may look.
 *
 * The former content is gone, so the rail can lead elsewhere without revealing it; coming back shows the blank screen again.
 */
import { Button, Portal, Text } from '@mantine/core';
import { useEffect } from 'react';
import type { Seat } from '../../../shared/domain/ceremonies.ts';
import { useDesk } from '../../app/desk-store.ts';
import { useNames } from './data.ts';
import { seatName } from './words.ts';

/** A screen reader reads it, and the next Tab reaches the button below it. */
const toHeading = (heading: HTMLHeadingElement | null): void => {
  heading?.focus({ preventScroll: true });
};

export const HandOver = ({
  index,
  of,
  custodian,
  watchers,
  again,
  onAlone,
  interrupt,
}: {
  index: number;
  of: number;
  custodian: string;
  watchers: readonly { seat: Seat; person: string }[];
  again: boolean;
  onAlone: () => void;
  interrupt: (how: 'exception' | 'pause') => void;
}) => {
  const nameOf = useNames();
  const link = useDesk((desk) => desk.link);
  const seat = seatName(`custodian-${index}`);
  const name = nameOf(custodian);
  // Content under the blank screen is invisible and inert: unreachable by keyboard and screen reader.
  useEffect(() => {
    const work = document.getElementById('work');
    if (work === null) return undefined;
    work.inert = true;
    return () => {
      work.inert = false;
    };
  }, []);
  return (
    <Portal target=".frame">
      <div className="blank" role="dialog" aria-labelledby="hand-over">
        <div>
          <Text c="dimmed">
            Component {index} of {of}
            {again ? ', to be entered again after an interruption' : ''}
          </Text>
          <h1
            className="instruction"
            id="hand-over"
            ref={toHeading}
            tabIndex={-1}
            style={{ fontWeight: 500, margin: '4px 0' }}
          >
            Only {name}, {seat}, looks at this screen now.
          </h1>
          <Text size="lg" mt="md">
            {watchers
              .map((watcher) => `${nameOf(watcher.person)}, ${seatName(watcher.seat)},`)
              .join(' and ')}{' '}
            watches {name} and the envelope, and does not look at the screen. Everyone else looks
            away.
          </Text>
          <Text size="lg" mt="md">
            {again
              ? `${name} sits down with the paper of envelope ${index}, and types the same component again.`
              : `${name} sits down and opens envelope ${index} in front of the witness. In it are the component and its check value.`}
          </Text>
          {link.state === 'down' ? (
            <div className="notice" role="alert" style={{ marginTop: 20 }}>
              <b>The custody service stopped and is being started again.</b> What it recorded is
              safe. Components that were entered may have to be entered again.
            </div>
          ) : null}
          <div style={{ marginTop: 36 }}>
            <Button size="lg" onClick={onAlone}>
              I am {seat} and only I can see this screen
            </Button>
          </div>
          <div style={{ marginTop: 48, display: 'flex', gap: 10 }}>
            <Button
              variant="default"
              onClick={() => {
                interrupt('exception');
              }}
            >
              Exception
            </Button>
            <Button
              variant="default"
              onClick={() => {
                interrupt('pause');
              }}
            >
              Pause
            </Button>
          </div>
        </div>
      </div>
    </Portal>
  );
};
