/** Check values as people type them. */
export const checkDigits = (typed: string): string => typed.replaceAll(/\s/g, '').toLowerCase();
/** A check value by X9.24-CMAC: ten hex digits, or six for short. */
export const isCheckValue = (typed: string): boolean =>
  /^(?:[0-9a-f]{6}|[0-9a-f]{10})$/.test(checkDigits(typed));
