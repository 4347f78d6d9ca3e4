/** How a check value can be made. On its own, for processes that load no schemas. */
export const CHECK_METHODS = [
  'X9.24-CMAC',
  'LEGACY-ZERO',
  'P11-CHECK',
  'GP-01',
  'HMAC-SHA256KEY',
  'HMAC-EMPTY',
] as const;
