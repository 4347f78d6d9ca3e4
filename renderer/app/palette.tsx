/** A command palette: every place and act of the window by name, filtered by typing, chosen with the arrows, opened with Enter. */
import { Modal, Text, TextInput } from '@mantine/core';
import { useId, useMemo, useState } from 'react';
import { print } from '../bridge/bridge.ts';
import { useDesk } from './desk-store.ts';
import { go } from './router.ts';
import { SCREENS } from './screens.tsx';
import { isolated } from '../ui/isolated.ts';

interface Command {
  title: string;
  run: () => void;
}
const to = (title: string, ...place: string[]): Command => ({
  title,
  run: () => {
    go(...place);
  },
});

const COMMANDS: readonly Command[] = [
  ...SCREENS.map(({ id, title }) => to(`Go to ${title}`, id)),
  to('Open the desk (log token’s PIN)', 'overview'),
  to('Somebody arrives or leaves', 'people'),
  to('Generate a key', 'keys', 'generate'),
  to('Draft a ceremony', 'ceremonies', 'draft'),
  to('Bring a ceremony’s definition', 'ceremonies', 'bring'),
  to('Request an export', 'exports', 'new'),
  to('Seal the log now', 'audit', 'log'),
  to('Export the audit log', 'audit', 'export'),
  to('Verify a bundle', 'audit', 'verify'),
  to('Enrol a person', 'people', 'enrol'),
  to('Add a module', 'tokens', 'add'),
  to('Make a training token', 'tokens', 'train'),
  to('Propose a new policy', 'settings', 'policy'),
  to('Lock the desk', 'settings'),
  { title: 'Print this page', run: () => void print() },
];
/** At most this many are shown; more typing narrows them down. */
const MOST = 12;

const useCommands = (query: string): Command[] => {
  const { keys, ceremonies, exports, people } = useDesk();
  return useMemo(() => {
    const wanted = query.trim().toLowerCase();
    const found = COMMANDS.filter(({ title }) => title.toLowerCase().includes(wanted));
    const labels = (id: string) => keys.find((key) => key.id === id)?.label ?? 'a key';
    const more = function* () {
      for (const { id, title } of ceremonies)
        yield to(`Ceremony: ${isolated(title)}`, 'ceremonies', id);
      for (const { id, key } of exports)
        yield to(`Export of ${isolated(labels(key))}`, 'exports', id);
      for (const { id, name, left } of people) if (!left) yield to(name, 'people', id);
      for (const { id, label } of keys) yield to(`Key ${isolated(label)}`, 'keys', id);
    };
    for (const command of more()) {
      if (found.length >= MOST) break;
      if (command.title.toLowerCase().includes(wanted)) found.push(command);
    }
    return found.slice(0, MOST);
  }, [query, keys, ceremonies, exports, people]);
};

/** Focused as soon as it is mounted, so that no typed letter is lost. The focus returns to where it was, unless a command moved it. */
const takeFocus = (field: HTMLInputElement | null) => {
  if (field === null) return undefined;
  const before = document.activeElement;
  field.focus({ preventScroll: true });
  return () => {
    const { activeElement } = document;
    const nowhere = activeElement === field || activeElement === document.body;
    if (nowhere && before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
};

const Search = ({ onClose }: { onClose: () => void }) => {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const found = useCommands(query);
  const id = useId();
  const choose = (command: Command | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  return (
    <>
      <TextInput
        ref={takeFocus}
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={found[at] === undefined ? undefined : `${id}-${at}`}
        aria-label="Search commands, screens and keys"
        placeholder="Search commands, screens and keys"
        value={query}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step !== undefined) {
            event.preventDefault();
            setAt((at + step + found.length) % Math.max(1, found.length));
          } else if (event.key === 'Enter') {
            event.preventDefault();
            choose(found[at]);
          }
        }}
      />
      <div role="listbox" id={id} aria-label="What fits" className="commands-found">
        {found.map((command, index) => (
          <div
            key={`${index} ${command.title}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseMove={() => {
              setAt(index);
            }}
            onClick={() => {
              choose(command);
            }}
          >
            {command.title}
          </div>
        ))}
      </div>
      {found.length === 0 ? <Text p="sm">Nothing fits.</Text> : null}
    </>
  );
};

export const Palette = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal
    lockScroll={false}
    opened={opened}
    onClose={onClose}
    withCloseButton={false}
    title="Commands"
    size="lg"
    transitionProps={{ duration: 100 }}
  >
    <Search onClose={onClose} />
  </Modal>
);
