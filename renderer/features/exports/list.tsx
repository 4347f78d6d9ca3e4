/** Every export, open ones first. */
import { Button } from '@mantine/core';
import { useDesk } from '../../app/desk-store.ts';
import { go } from '../../app/router.ts';
import { StateMark } from '../../ui/guided.tsx';
import { Empty, PageHead } from '../../ui/messages.tsx';
import { Time } from '../../ui/text.tsx';
import { HASH, STATES } from './data.ts';

const Request = () => (
  <Button
    onClick={() => {
      go('exports', 'new');
    }}
  >
    Request an export
  </Button>
);

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
        <table className="list">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Key</th>
              <th scope="col">To</th>
              <th scope="col">Due</th>
              <th scope="col">Requested</th>
              <th scope="col">Parameters hold until</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, key, state, algorithm, created, validTo }) => (
              <tr
                key={id}
                data-link
                onClick={() => {
                  go('exports', id);
                }}
              >
                <td>
                  <StateMark {...STATES[state]} word={state} />
                </td>
                <td>
                  <a href={`#/exports/${id}`} className="mono">
                    {label(key)}
                  </a>
                </td>
                <td>AWS KMS, {HASH[algorithm]}</td>
                <td>{STATES[state].due}</td>
                <td style={{ whiteSpace: 'nowrap' }}>
                  <Time at={created} />
                </td>
                <td style={{ whiteSpace: 'nowrap' }}>
                  {validTo === undefined ? 'not loaded yet' : <Time at={validTo} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
};
