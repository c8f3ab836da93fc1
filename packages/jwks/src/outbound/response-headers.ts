/**
 * Returns the number of seconds for which an answer may still be kept by its headers (RFC 9111 §4.2, §5.2.2): 0 when it
 * must not be kept, `undefined` when the headers do not say.
 */
export function freshnessSeconds(headers: Headers): number | undefined {
  const directives = (headers.get("cache-control") ?? "")
    .split(",")
    .map((directive) => directive.trim().toLowerCase());
  if (directives.includes("no-store") || directives.includes("no-cache")) return 0;
  for (const directive of directives) {
    const [, maxAge] = /^max-age="?(\d+)"?$/.exec(directive) ?? [];
    if (maxAge !== undefined) return Math.max(0, Number(maxAge) - ageSeconds(headers));
  }
  return undefined;
}

/** Returns how long caches on the way have kept the answer already (RFC 9111 §5.1). */
function ageSeconds(headers: Headers): number {
  const age = headers.get("age")?.trim() ?? "";
  return /^\d+$/.test(age) ? Number(age) : 0;
}

/**
 * Returns the number of seconds for which an answer asks for no further request (`Retry-After`, RFC 9110 §10.2.3), or
 * `undefined` when it does not ask.
 *
 * @param now seconds since the Unix epoch
 */
export function retryAfterSeconds(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  const date = /^[A-Z][a-z]{2}, .* GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date / 1000 - now);
}
