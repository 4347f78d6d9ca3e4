/** Reading the log requires presence: a person arrives by proving themselves once. */
import { Title, Text } from '@mantine/core';
import { Arrival } from '../../app/arrive.tsx';
import { useDesk } from '../../app/desk-store.ts';

export const Arrive = () => {
  const people = useDesk((desk) => desk.people).filter(({ left }) => !left);
  return (
    <section className="notice" aria-labelledby="arrive-title" style={{ maxWidth: '46em' }}>
      <Title order={2} size="h4" id="arrive-title">
        Nobody is here to read the log
      </Title>
      <Text mb="md">
        The log is shown while at least one enrolled person is in the room. Arriving is recorded in
        the log; it is not an approval of anything.
      </Text>
      <Arrival among={people} />
    </section>
  );
};
