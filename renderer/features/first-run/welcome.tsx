/** The first page of all: what a desk is, and which kind is set up. */
import { Button, Text } from '@mantine/core';
import type { Mode } from '../../../shared/domain/basics.ts';
import { PageHead } from '../../ui/messages.tsx';

export const Welcome = ({ onStart }: { onStart: (mode: Mode) => void }) => (
  <div style={{ maxWidth: '42em' }}>
    <PageHead title="A desk for key ceremonies" />
    <p className="instruction">
      Make, move and retire keys with others, and leave a record that a stranger can check.
    </p>
    <Text mt="lg">
      Begin with a rehearsal desk: everything works as it will later, on training tokens that are
      software on this computer. Nothing made there is for production. It takes about two minutes
      and two people; alone, you can play both.
    </Text>
    <Text mt="sm">
      You will need a PIN for the log’s token, in two halves, and a passphrase for each of the two
      people. Write down what you choose; nothing can be recovered.
    </Text>
    <div style={{ display: 'flex', gap: 10, flexWrap: 'wrap', marginTop: 28 }}>
      <Button
        size="md"
        onClick={() => {
          onStart('rehearsal');
        }}
      >
        Set up a rehearsal desk
      </Button>
      <Button
        size="md"
        variant="default"
        onClick={() => {
          onStart('production');
        }}
      >
        Set up a production desk
      </Button>
    </div>
    <Text size="sm" c="dimmed" mt="sm">
      A production desk needs a token of an HSM or a card for its log, with its PIN set already, and
      two people who stay. A desk is of one kind for ever.
    </Text>
  </div>
);
