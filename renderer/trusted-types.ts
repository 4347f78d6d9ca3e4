/**
 * What may be written into the page as text that the browser reads: the style sheets of the components' library, in which there is no markup.
 *
 * SECURITY: the page's policy lets nobody else name such texts, so HTML, scripts and addresses of scripts are refused by the browser wherever code or a package
 * might write them. This comes before every other module.
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
