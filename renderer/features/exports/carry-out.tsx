/** Carry out: what is in the package, and what to run on the other side. */
import { Button, Title } from '@mantine/core';
import type { ExportView } from '../../../shared/contract/exports.ts';
import { GoButton } from '../../app/go-button.tsx';
import { print } from '../../bridge/bridge.ts';
import { Commands } from '../../ui/commands.tsx';
import { Instruction, ReadAloud } from '../../ui/guided.tsx';
import { Claims } from '../../ui/says.tsx';
import { hexGroups } from '../../ui/text.tsx';

const FILES: Readonly<Record<string, string>> = {
  'EncryptedKeyMaterial.bin': 'the wrapped key',
  'ImportToken.bin': 'AWS’s import token',
  'manifest.json': 'what is in the package, with its hashes and this device’s facts',
  'import.sh': 'imports it on Linux and macOS',
  'import.ps1': 'imports it on Windows',
};

export const CarryOut = ({ view }: { view: ExportView }) => (
  <>
    <Instruction of={view.state}>
      The package is made. Carry its folder to the connected machine, and run import.sh there.
    </Instruction>
    <p className="expectation">
      <b>Expected</b> The script checks every file, shows the command, and asks for the word IMPORT
      before it runs it. Then it asks AWS about the key.
    </p>
    <div style={{ marginTop: 22 }}>
      <Commands
        label="Commands for the connected machine"
        lines={[
          '# On the connected machine, in the folder of the package. Checks it, and sends nothing:',
          './import.sh --check',
          '# Imports it, after asking:',
          './import.sh',
        ]}
      />
    </div>
    {view.blobSha256 === undefined ? null : (
      <ReadAloud title="SHA-256 of EncryptedKeyMaterial.bin">
        <div className="mono" style={{ overflowWrap: 'anywhere' }}>
          {hexGroups(view.blobSha256).join(' ')}
        </div>
      </ReadAloud>
    )}
    <Title order={2} size="h4" mt="lg" mb="xs">
      In the folder
    </Title>
    <table className="list">
      <tbody>
        {view.files.map((name) => (
          <tr key={name}>
            <td className="mono">{name}</td>
            <td>{FILES[name] ?? ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <Title order={2} size="h4" mt="lg" mb="xs">
      What can be said, and by whom
    </Title>
    <Claims claims={view.claims} />
    <div className="no-print" style={{ display: 'flex', gap: 10, marginTop: 24, flexWrap: 'wrap' }}>
      <GoButton to={['audit', 'export']}>Export the audit log</GoButton>
      <Button variant="default" onClick={() => void print()}>
        Print this page
      </Button>
    </div>
  </>
);
