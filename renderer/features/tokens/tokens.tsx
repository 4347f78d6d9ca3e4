/** Modules and tokens: which are present, what they can do, and what to do about faults. */
import { useDesk } from '../../app/desk-store.ts';
import { tokenKey, useTokensHere } from '../../app/tokens.ts';
import { Empty } from '../../ui/messages.tsx';
import { AddModule } from './add-module.tsx';
import { TokenList } from './list.tsx';
import { Recovery } from './recovery.tsx';
import { TokenPage } from './token-page.tsx';
import { Train } from './train.tsx';

export const help = [
  'A module is a vendor’s library for PKCS#11; a token is what it talks to: an HSM partition, a smart card, or software for training. Each module is loaded in a process of its own, so a library that hangs or crashes takes nothing else down.',
  'A token’s PIN is set and entered in two halves by two people. Where this desk did not set it so, evidence says single control.',
  'Read the PIN’s state before a login: “count low” and “final try” mean that a wrong PIN may lock the token.',
  'A module whose file changed since it was approved is quarantined: nothing loads it until two people agree to the new file.',
] as const;

export const Screen = ({ route }: { route: readonly string[] }) => {
  const modules = useDesk((desk) => desk.modules);
  useTokensHere();
  const [where, what] = route;
  if (where === 'train') return <Train />;
  if (where === 'add') return <AddModule />;
  if (where === 'recovery' && what !== undefined) return <Recovery intent={what} />;
  if (where === 'at' && what !== undefined) {
    const found = modules
      ?.flatMap(({ module, tokens }) =>
        tokens.map(({ identity }) => ({ module: module.id, token: identity })),
      )
      .find((at) => tokenKey(at) === what);
    return found === undefined ? (
      <Empty title="That token is not here">Insert it, then look again.</Empty>
    ) : (
      <TokenPage at={found} />
    );
  }
  return <TokenList />;
};
