/** The inventory, a key’s page, and the wizard that makes one. */
import { Generate } from './generate.tsx';
import { KeyPage } from './key-page.tsx';
import { KeyList } from './list.tsx';

export const help = [
  'Every key this desk knows, with what its token says of it. The keys themselves are in the tokens; here are only names, dates and attributes as read back.',
  'A key has one purpose, and its template switches on what that purpose needs and nothing else.',
  '“Origin” comes from the device: generated, imported, or unknown where the device doesn’t say.',
  'A check value (KCV) lets two people see whether they hold the same key without showing it. It is always named with its method; values of different methods are never compared.',
  'Destroying asks for the key’s name, typed, and two people, and proves the absence from a new process.',
] as const;

export const Screen = ({ route }: { route: readonly string[] }) => {
  const [what] = route;
  if (what === 'generate') return <Generate />;
  if (what !== undefined && what !== '') return <KeyPage key={what} id={what} />;
  return <KeyList />;
};
