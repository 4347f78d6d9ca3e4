/** A running ceremony: the steps, the one instruction, the people. All of it comes from the service, so a reload shows the same step. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import type { CeremonyView } from '../../../shared/contract/ceremonies.ts';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { Guided } from '../../ui/guided.tsx';
import { Centre } from './centre.tsx';
import { seatsNow } from './data.ts';
import { Interruptions, type Interruption, type OfCeremony } from './interruptions.tsx';
import { PeopleFacts } from './people-facts.tsx';
import { Bar, Way } from './way.tsx';

export const Run = ({
  view,
  definition,
  onDone,
}: {
  view: CeremonyView;
  definition: Definition;
  onDone: (view: CeremonyView) => void;
}) => {
  const [which, setWhich] = useState<Interruption>();
  const seated = seatsNow(definition, view);
  const of: OfCeremony = { view, definition, seated, onDone };
  return (
    <Guided
      bar={<Bar view={view} definition={definition} />}
      way={<Way view={view} />}
      facts={<PeopleFacts view={view} definition={definition} seated={seated} />}
    >
      <Centre {...of} interrupt={setWhich} />
      <div className="controls no-print">
        <Button
          variant="default"
          onClick={() => {
            setWhich('exception');
          }}
        >
          Exception
        </Button>
        <Button
          variant="default"
          onClick={() => {
            setWhich('pause');
          }}
        >
          Pause
        </Button>
        <Button
          component="a"
          href={`#/ceremonies/definition/${view.definitionSha256}`}
          variant="subtle"
        >
          Read the definition
        </Button>
        <Button
          className="apart"
          variant="default"
          style={{ color: 'var(--keymoot-stop)' }}
          onClick={() => {
            setWhich('abort');
          }}
        >
          Abort …
        </Button>
      </div>
      <Interruptions
        {...of}
        which={which}
        onClose={() => {
          setWhich(undefined);
        }}
      />
    </Guided>
  );
};
