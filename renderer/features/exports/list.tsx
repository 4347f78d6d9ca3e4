/** Every export, open ones first. */
import { useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { StateMark } from '../../ui/guided.tsx';
import { List } from '../../ui/list.tsx';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { Time } from '../../ui/text.tsx';
import { HASH, STATES } from './data.ts';

const Request = () => <GoButton to={['exports', 'new']}>Request an export</GoButton>;

export const ExportList = () => {
  const exports = useDesk((desk) => desk.exports);
  const keys = useDesk((desk) => desk.keys);
  const label = (id: string) => keys.find((key) => key.id === id)?.label ?? id;
  const rows = [...exports].sort((a, b) => (a.created < b.created ? 1 : -1));
  return (
    <>
      <PageHead title="Exports" actions={rows.length === 0 ? undefined : <Request />}>
        Keys that go to a provider, wrapped inside their token, across an air gap.
      </PageHead>
      {rows.length === 0 ? (
        <Empty title="Nothing has been exported yet" action={<Request />}>
          An export brings a copy of a key to AWS KMS without the key ever being readable on the
          way. The provider’s wrapping key is carried in, two people compare its fingerprint, the
          token wraps the key under it, and the package is carried out. You need an AES-256 key that
          was made for export, both halves of its token’s PIN, two people, and a connected machine
          elsewhere with the AWS command line.
        </Empty>
      ) : (
        <List
          label="Exports"
          heads={['State', 'Key', 'To', 'Due', 'Requested', 'Parameters hold until']}
          rows={rows.map(({ id, key, state, algorithm, created, validTo }) => ({
            key: id,
            leads: true,
            cells: [
              <StateMark {...STATES[state]} word={state} />,
              <a href={`#/exports/${id}`} className="mono">
                {label(key)}
              </a>,
              `AWS KMS, ${HASH[algorithm]}`,
              STATES[state].due,
              <Time at={created} />,
              validTo === undefined ? 'not loaded yet' : <Time at={validTo} />,
            ],
          }))}
        />
      )}
    </>
  );
};
