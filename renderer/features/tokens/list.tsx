/** Each module with its tokens, as they are now. */
import { Button, Stack, Text, Title } from '@mantine/core';
import type { ModuleView } from '../../../shared/contract/tokens.ts';
import { Act } from '../../app/act.tsx';
import { refreshTokens, useDesk } from '../../app/desk-store.ts';
import { GoButton } from '../../app/go-button.tsx';
import { sameToken, tokenKey } from '../../app/tokens.ts';
import { List } from '../../ui/list.tsx';
import { Empty, ErrorBox, PageHead } from '../../ui/messages.tsx';
import { Claims } from '../../ui/says.tsx';
import { Short } from '../../ui/text.tsx';
import { isolated } from '../../ui/isolated.ts';
import { TWO_MANAGERS } from '../../app/two-people.ts';

const PIN_WORDS: Readonly<Record<string, string>> = {
  ok: 'no failed tries',
  'count-low': 'a wrong PIN was entered before',
  'final-try': 'one try is left',
  locked: 'locked',
  'not-set': 'not set',
  unknown: 'the token doesn’t say',
};

/** A library whose file is not the approved one: two people may approve the new file. */
const Approve = ({ module, sha256 }: { module: string; sha256: string }) => (
  <>
    <p>
      The file that is there now has the SHA-256{' '}
      <Short value={sha256} label="hash of the new file" />. Compare it with what the maker says of
      the new version.
    </p>
    <Act
      channel="modules.approve"
      people={TWO_MANAGERS}
      label="Approve the new file"
      input={() => ({ ok: true, value: { module, sha256 } })}
      onDone={() => void refreshTokens()}
    />
  </>
);

const Library = ({ module, info, tokens, error }: ModuleView) => {
  const changed = error?.code === 'module-quarantined' ? error.fields?.['sha256'] : undefined;
  // Training libraries also list slots that hold no keys.
  const shown = tokens.filter(
    ({ initialised, loginRequired }) => !module.training || (initialised && loginRequired),
  );
  const log = useDesk((desk) => desk.status?.log.at);
  return (
    <section aria-label={module.label}>
      <header className="between">
        <Title order={2} size="h4">
          {module.label}
        </Title>
        <Text size="sm" c="dimmed">
          {info === undefined ? module.state : `${info.description} ${info.version}`}, SHA-256{' '}
          <Short value={module.sha256} keep={6} label="hash of the library" />
        </Text>
      </header>
      <ErrorBox error={error}>
        {changed === undefined ? null : <Approve module={module.id} sha256={changed} />}
      </ErrorBox>
      {error !== undefined ? null : shown.length === 0 ? (
        <Text c="dimmed">It shows no token now. Insert or attach one; it appears by itself.</Text>
      ) : (
        <List
          label={`Tokens of ${isolated(module.label)}`}
          heads={['Token', 'Model', 'Serial number', 'User PIN', 'Firmware']}
          rows={shown.map(({ identity, initialised, userPin, firmware }) => {
            const at = { module: module.id, token: identity };
            return {
              key: `${identity.serial} ${identity.label}`,
              leads: initialised,
              cells: [
                initialised ? (
                  <>
                    <a href={`#/tokens/at/${encodeURIComponent(tokenKey(at))}`}>{identity.label}</a>
                    {log !== undefined && sameToken(log, at) ? ' (the log’s own)' : ''}
                  </>
                ) : (
                  <Text c="dimmed">not set up</Text>
                ),
                identity.model,
                <span className="mono">{identity.serial}</span>,
                <span className={userPin === 'locked' || userPin === 'final-try' ? 'stop' : ''}>
                  {PIN_WORDS[userPin]}
                </span>,
                firmware,
              ],
            };
          })}
        />
      )}
      {module.training ? (
        <Claims claims={[{ says: 'desk', claim: 'Training only: software on this computer.' }]} />
      ) : null}
    </section>
  );
};

export const TokenList = () => {
  const rehearsal = useDesk((desk) => desk.hello?.mode === 'rehearsal');
  const modules = useDesk((desk) => desk.modules);
  return (
    <>
      <PageHead
        title="Tokens"
        actions={
          <>
            <Button variant="default" onClick={() => void refreshTokens()}>
              Look again
            </Button>
            <GoButton variant="default" to={['tokens', 'add']}>
              Add a module
            </GoButton>
            {rehearsal ? (
              <GoButton variant="default" to={['tokens', 'train']}>
                Make a training token
              </GoButton>
            ) : null}
          </>
        }
      >
        Each module’s tokens, as the module shows them now.
      </PageHead>
      {modules === undefined ? (
        <Text c="dimmed" role="status">
          Asking each module, in a process of its own.
        </Text>
      ) : null}
      {modules?.length === 0 ? (
        <Empty title="No module yet">
          A module is the library that the maker of your HSM or card gives out. Add it, and its
          tokens are listed here.
          {rehearsal ? ' Or make a training token, which is software on this computer.' : ''}
        </Empty>
      ) : null}
      <Stack gap="xl">
        {modules?.map((view) => (
          <Library key={view.module.id} {...view} />
        ))}
      </Stack>
    </>
  );
};
