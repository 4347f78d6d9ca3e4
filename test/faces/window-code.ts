/** Only the page's own code and styles run in it. */
import { expect, test } from 'vitest';
import type { Opened } from './opened.ts';

export const codeTests = (of: Opened): void => {
  test('runs no code that didn’t come with it', async () => {
    const { page } = of.face;
    const ran = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const found: string[] = [];
          const mark = (what: string) => `globalThis.ran = (globalThis.ran ?? '') + '${what} ';`;
          const attempts: Record<string, () => void> = {
            eval: () => void globalThis.eval(mark('eval')),
            // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what is tried is whether it's refused
            function: () => void new Function(mark('function'))(),
            inline: () => {
              const script = document.createElement('script');
              script.textContent = mark('inline');
              document.head.append(script);
            },
            attribute: () => {
              const button = document.createElement('button');
              button.setAttribute('onclick', mark('attribute'));
              document.body.append(button);
              button.click();
              button.remove();
            },
            data: () => {
              const script = document.createElement('script');
              script.src = `data:text/javascript,${mark('data')}`;
              document.head.append(script);
            },
            blob: () => {
              const script = document.createElement('script');
              script.src = URL.createObjectURL(new Blob([mark('blob')]));
              document.head.append(script);
            },
            markup: () => {
              document.createElement('div').innerHTML = `<img src=x onerror="${mark('markup')}">`;
            },
            policy: () => {
              const { trustedTypes } = globalThis as unknown as {
                trustedTypes: { createPolicy: (name: string, rules: object) => unknown };
              };
              for (const name of ['default', 'mine'])
                trustedTypes.createPolicy(name, { createHTML: (text: string) => text });
            },
            address: () => {
              const link = document.createElement('a');
              link.href = `javascript:${mark('address')}`;
              document.body.append(link);
              link.click();
              link.remove();
            },
          };
          // Deferred, to run as the page's own code: code evaluated by a driver bypasses the policy.
          setTimeout(() => {
            for (const [what, attempt] of Object.entries(attempts))
              try {
                attempt();
              } catch {
                found.push(what);
              }
            setTimeout(() => {
              resolve([found, (globalThis as Record<string, unknown>)['ran']]);
            }, 300);
          }, 0);
        }),
    );
    expect(ran).toEqual([
      ['eval', 'function', 'inline', 'attribute', 'data', 'blob', 'markup', 'policy'],
      undefined,
    ]);
  });

  test('breaks no rule of its own as it starts, and says nothing on its console', async () => {
    const { page } = of.face;
    const said: string[] = [];
    const hear = (message: { text: () => string }) => said.push(message.text());
    page.on('console', hear);
    await page.reload();
    await page.getByRole('heading', { name: 'A desk for key ceremonies' }).waitFor();
    page.off('console', hear);
    expect(said).toEqual([]);
  });

  test('has a new nonce at each load, and styles that carry it are the only ones inline', async () => {
    const nonce = () =>
      of.face.page.evaluate(
        () => document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '',
      );
    const before = await nonce();
    await of.face.page.reload();
    await of.isHome();
    const after = await nonce();
    expect(before).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(after).not.toBe(before);
    const colours = await of.face.page.evaluate((nonce) => {
      const style = (color: string, given?: string) => {
        const element = document.createElement('style');
        if (given !== undefined) element.nonce = given;
        element.textContent = `body { outline-color: ${color} }`;
        document.head.append(element);
        const seen = getComputedStyle(document.body).outlineColor;
        element.remove();
        return seen;
      };
      return [style('rgb(1, 2, 3)'), style('rgb(4, 5, 6)', nonce)];
    }, after);
    expect(colours[0]).not.toBe('rgb(1, 2, 3)');
    expect(colours[1]).toBe('rgb(4, 5, 6)');
  });
};
