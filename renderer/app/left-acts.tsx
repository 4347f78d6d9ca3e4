/** Results of acts whose page was left before they ended: shown here until dismissed, so that none is lost. */
import { Button } from '@mantine/core';
import { create } from 'zustand';
import type { ErrorData } from '../../shared/errors.ts';

interface Left {
  /** The act by the words on its button. */
  act: string;
  became: 'cancelled' | 'done' | 'refused';
  error?: ErrorData;
}

const useLeftActs = create<{ left: readonly Left[] }>()(() => ({ left: [] }));

export const tellLeftAct = (told: Left): void => {
  useLeftActs.setState(({ left }) => ({ left: [...left, told] }));
};
const forget = (told: Left): void => {
  useLeftActs.setState(({ left }) => ({ left: left.filter((one) => one !== told) }));
};

const wordsOf = ({ act, became, error }: Left): string => {
  switch (became) {
    case 'cancelled':
      return `“${act}” was cancelled: its page was left while it was being made ready. Nothing was done. What was typed for it is gone; go back and begin it again.`;
    case 'done':
      return `“${act}” is done. Its page was left meanwhile: what it would have shown there is not shown again, what it changed is.`;
    case 'refused':
      return `“${act}” was not done to its end, and its page was left meanwhile. ${error?.message ?? ''}`;
  }
};

export const LeftActs = () => {
  const left = useLeftActs((acts) => acts.left);
  return left.map((told, at) => (
    <div
      key={at}
      className={told.became === 'refused' ? 'error' : 'notice'}
      role={told.became === 'done' ? 'status' : 'alert'}
      style={{ marginBottom: 16 }}
    >
      <div>{wordsOf(told)}</div>
      {told.error === undefined ? null : <div className="code">{told.error.code}</div>}
      <Button
        variant="default"
        size="compact-sm"
        mt={8}
        onClick={() => {
          forget(told);
        }}
      >
        We have read this
      </Button>
    </div>
  ));
};
