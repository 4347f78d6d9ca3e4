/** Compare: one person reads the fingerprint from paper, the other follows on the screen and types some of its words. */
import { Act } from '../../app/act.tsx';
import { Acting, Instruction, ReadAloud } from '../../ui/guided.tsx';
import { ReadBackFields, useReadBack } from '../../ui/read-back.tsx';
import { Fingerprint } from '../../ui/text.tsx';
import { STAFF } from '../../../shared/domain/people.ts';
import { refused, type JobProps } from './job-props.ts';

export const Compare = ({ view, set, again }: JobProps & { again: () => void }) => {
  const readBack = useReadBack(view.readBack?.positions ?? []);
  return (
    <>
      <Instruction of={view.state}>
        Compare the wrapping key’s fingerprint with the one written down on the connected machine.
      </Instruction>
      <p className="expectation">
        The first person reads the paper aloud, four digits at a time. The second person follows on
        this screen, and types the words that stand under the groups asked for.
      </p>
      <p className="expectation">
        <b>Expected</b> All sixteen groups are the same. If one differs, the wrapping key was
        exchanged on the way: stop, and carry nothing out.
      </p>
      {view.wrapping === undefined ? null : (
        <ReadAloud title={`Wrapping key, RSA-${view.wrapping.bits}: SHA-256 of its public key`}>
          <Fingerprint hex={view.wrapping.sha256} />
        </ReadAloud>
      )}
      <Acting title="Who acts now: two people">
        <Act
          channel="exports.confirm"
          people={[
            { title: 'First person, reads the paper', roles: STAFF },
            { title: 'Second person, types the words', roles: STAFF },
          ]}
          label="Confirm the wrapping key"
          input={() => {
            const taken = readBack.take();
            return 'missing' in taken
              ? refused(taken.missing)
              : { ok: true, value: { export: view.id, words: taken.words } };
          }}
          onDone={set}
          // After a wrong word the desk asks for others; nothing is logged.
          onRefused={again}
        >
          <ReadBackFields of={readBack} />
        </Act>
      </Acting>
    </>
  );
};
