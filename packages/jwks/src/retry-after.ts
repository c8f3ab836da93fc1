/**
 * For how long an answer asks not to be asked again, in seconds (`Retry-After`, RFC 9110 §10.2.3); `undefined`
 * when it does not say.
 *
 * @param now seconds since the Unix epoch
 */
export function retryAfterSeconds(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  const date = /^[A-Z][a-z]{2}, .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date / 1000 - now);
}
