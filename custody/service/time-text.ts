let second = -1;
let secondText = '';

/** A moment as entries spell it (RFC 3339, UTC, three decimals). As `toISOString` has it, which is asked once a second: it costs as much as the rest of an entry. */
export const timeText = (nowMs = Date.now()): string => {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    secondText = new Date(now * 1000).toISOString().slice(0, -4);
  }
  const ms = nowMs - now * 1000;
  return `${secondText}${ms < 100 ? '0' : ''}${ms < 10 ? '0' : ''}${ms}Z`;
};
