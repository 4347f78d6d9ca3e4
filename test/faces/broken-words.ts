/** Ordinary words that are torn apart at the end of a line: the mark of a column that became too narrow. */
import type { Page } from 'playwright-core';

export const brokenWords = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const broken: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode())
      for (const { 0: word, index } of (node.nodeValue ?? '').matchAll(/\p{L}{2,24}/gu)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        // Part of a longer text, such as a path, which has no other place to break.
        const around = /\S*$/.exec((node.nodeValue ?? '').slice(0, index))?.[0] ?? '';
        const after = /^\S*/.exec((node.nodeValue ?? '').slice(index + word.length))?.[0] ?? '';
        if (lines.size > 1 && /^[“(]*$/.test(around) && /^[.,:;?!”)’]*$/.test(after))
          broken.push(word);
      }
    return broken;
  });
