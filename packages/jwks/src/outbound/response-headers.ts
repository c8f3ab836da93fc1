/**
 * For how many more seconds an answer may be kept by what its headers say (RFC 9111 §4.2, §5.2.2): 0 when it
 * must not be, `undefined` when they say nothing.
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

/** How long caches on the way have kept the answer already (RFC 9111 §5.1). */
function ageSeconds(headers: Headers): number {
  const age = headers.get("age")?.trim() ?? "";
  return /^\d+$/.test(age) ? Number(age) : 0;
}
