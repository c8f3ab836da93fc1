/**
 * Returns the URL that a proof names for an HTTP endpoint (`htu`): as the URL Standard writes it, without user info, query
 * and fragment (RFC 9449 §4.3). Returns `undefined` for what is no http or https URL.
 */
export function proofUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.href;
}
