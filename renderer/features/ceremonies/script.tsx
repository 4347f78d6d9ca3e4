/** A definition as people read it before they approve it, and as it is printed: one rendering for both. */
import { Table } from '@mantine/core';
import type { Definition } from '../../../shared/domain/ceremonies.ts';
import { Facts } from '../../ui/messages.tsx';
import { useNames } from './data.ts';
import { seatName, stepName } from './words.ts';

export const DefinitionFacts = ({ definition }: { definition: Definition }) => {
  const { key, at, components, expected, grade, importKey } = definition;
  return (
    <Facts
      rows={[
        ['Mode', definition.mode.toUpperCase()],
        ['Key', `${key.algorithm}, to ${key.purpose}`],
        ['Label', <span className="mono">{key.label}</span>],
        [
          'May leave the token',
          key.extractable ? 'Yes, wrapped' : 'No: sensitive and not extractable',
        ],
        ['Token', at.token.label],
        ['Serial number', <span className="mono">{at.token.serial}</span>],
        ['Maker and model', `${at.token.manufacturer}, ${at.token.model}`],
        ['Components', `${components.count}, each as long as the key`],
        [
          'Expected check value',
          expected === undefined ? (
            'None beforehand: the witness types it from the sender’s letter once the key is formed'
          ) : (
            <>
              <span className="mono">{expected.value.toUpperCase()}</span> by {expected.method}
            </>
          ),
        ],
        [
          'How it is combined',
          `Grade ${grade}: added up in a short-lived process on this computer, wrapped under an ${importKey} key of the token, unwrapped inside it`,
        ],
      ]}
    />
  );
};

export const Seats = ({ definition }: { definition: Definition }) => {
  const nameOf = useNames();
  return (
    <Table withRowBorders verticalSpacing={5}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Seat</Table.Th>
          <Table.Th>Person</Table.Th>
          <Table.Th>Substitute</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {definition.seats.map(({ seat, person }) => (
          <Table.Tr key={seat}>
            <Table.Td>{seatName(seat)}</Table.Td>
            <Table.Td>{nameOf(person)}</Table.Td>
            <Table.Td>
              {definition.substitutes
                .filter((other) => other.seat === seat)
                .map((other) => nameOf(other.person))
                .join(', ') || 'none'}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
};

export const Script = ({ definition }: { definition: Definition }) => (
  <ol className="script">
    {definition.steps.map((step) => (
      <li key={step.id}>
        <div className="number" aria-hidden="true">
          {step.id}
        </div>
        <div>
          <h3>{stepName(step)}</h3>
          <p className="text">{step.text}</p>
          <p>
            <span className="name">Expected</span> {step.expected}
          </p>
          <p>
            <span className="name">Who acts</span> {step.seats.map(seatName).join(', ')}
          </p>
          <p>
            <span className="name">{step.irreversible ? 'Can’t be undone' : 'To undo'}</span>{' '}
            {step.undo}
          </p>
          {step.phrase === undefined ? null : (
            <p>
              <span className="name">Typed exactly</span>{' '}
              <span className="mono">{step.phrase}</span>
            </p>
          )}
          <p className="initials print-only">
            Time ________ UTC &nbsp; Initials {step.seats.map(() => '______').join(' ')}
          </p>
        </div>
      </li>
    ))}
  </ol>
);
