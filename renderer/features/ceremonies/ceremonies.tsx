/** Ceremonies: what several people do together with a key, by a definition they approved before (design 03). */
import './ceremonies.css';
import { Loader } from '@mantine/core';
import { ErrorBox } from '../../ui/messages.tsx';
import { Bring } from './bring.tsx';
import { useCeremony, useDefinitions } from './data.ts';
import { DefinitionPage } from './definition.tsx';
import { Draft } from './draft.tsx';
import { Evidence } from './evidence.tsx';
import { CeremonyList } from './list.tsx';
import { Run } from './run.tsx';

export const help = [
  'A ceremony is several people doing one thing with a key, by a text they agreed on before. Here: forming an AES key from components.',
  'A component is one part of a key, as long as the key itself. The key is all components added up bit by bit, so one component alone says nothing about it. Each comes in a sealed envelope of its own, by a way of its own.',
  'A definition is the whole text: the key, the token, who sits where, every step. It is named by a fingerprint, shown in hex and in words. One changed letter gives other words. Two people approve it, each alone, and then it can be armed.',
  'While a ceremony runs, the steps stand on the left, the one instruction in the middle, the people on the right. Each step is proved by the people it names, each with their own passphrase. Steps are neither skipped nor reordered.',
  'A check value is a short number made from a key by a named method. It shows that two keys are the same without showing the key. X9.24-CMAC has ten hex digits, of which the first six are accepted. Values of different methods are never compared.',
  'Exception: something was not as expected. Two people write down what they saw and what they decide; then it goes on. A ceremony does not close over an open exception. Pause: nothing is lost, nothing happens. Abort: the ceremony ends without a key.',
  'After a power cut, components that were entered are gone from this computer. Their custodians enter them again, and the desk can tell whether they are the same ones. If the token was at work at that moment, the state is RECOVERY: two people look at the token before anything else happens.',
  'Quarantine: the key is in the token, but not released until its check value has been compared with the sender’s letter.',
  'At the end everyone says “I agree” or “I do not agree, because …”. One person who does not agree makes the verdict DISPUTED. Then export the audit log: it holds the signed record, and anybody can verify it without this desk.',
] as const;

const One = ({ id }: { id: string }) => {
  const { value: view, error, set } = useCeremony(id);
  const definitions = useDefinitions();
  const definition = definitions.value?.find(
    ({ sha256 }) => sha256 === view?.definitionSha256,
  )?.definition;
  if (view === undefined || definition === undefined) {
    const problem = error ?? definitions.error;
    return problem === undefined ? (
      <Loader size="sm" aria-label="Opening the ceremony" />
    ) : (
      <ErrorBox error={problem}>
        <a href="#/ceremonies">All ceremonies</a>
      </ErrorBox>
    );
  }
  return view.status === 'CLOSED' || view.status === 'ABORTED' ? (
    <Evidence view={view} definition={definition} />
  ) : (
    <Run view={view} definition={definition} onDone={set} />
  );
};

export const Screen = ({ route }: { route: readonly string[] }) => {
  const [first, second] = route;
  if (first === 'draft') return <Draft />;
  if (first === 'bring') return <Bring />;
  if (first === 'definition' && second !== undefined)
    return <DefinitionPage key={second} sha256={second} />;
  if (first !== undefined && first !== '') return <One key={first} id={first} />;
  return <CeremonyList />;
};
