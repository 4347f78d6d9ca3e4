/**
 * The one Trusted Types policy of the page: it passes the style sheets of the component library, which contain no markup.
 *
 * SECURITY: the page's policy permits no other Trusted Types policy, so the browser refuses HTML, scripts and script addresses wherever code or a package might
 * write them. Imported before every other module.
 */
interface TrustedTypes {
  createPolicy: (name: string, rules: { createHTML: (text: string) => string }) => unknown;
}
const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };

trustedTypes?.createPolicy('default', {
  createHTML: (text) => {
    if (text.includes('<')) throw new TypeError('No markup is written into this page.');
    return text;
  },
});
