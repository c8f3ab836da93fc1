import { HttpRefusal } from "./http-refusal.js";
import type { HttpSessionsSettings } from "./session-options.js";

/**
 * Keeps web pages out that were not let in by name, and with them DNS rebinding (MCP 2025-11-25, Streamable
 * HTTP, "Security Warning").
 *
 * @throws {HttpRefusal} 403 for another `Host` than ours or another `Origin` than those allowed.
 */
export function assertSameSite(
  headers: Headers,
  { allowedHosts, allowedOrigins }: Pick<HttpSessionsSettings, "allowedHosts" | "allowedOrigins">,
): void {
  if (allowedHosts !== null && !allowedHosts.has(hostNameIn(headers))) {
    throw new HttpRefusal(403, "Forbidden: this host name is not served here; see allowedHosts");
  }
  const origin = headers.get("origin");
  if (origin === null || allowedOrigins.has(origin.toLowerCase())) return;
  if (allowedHosts === null || !isOwn(origin, headers)) {
    throw new HttpRefusal(403, "Forbidden: pages of this origin may not call; see allowedOrigins");
  }
}

/** Whether a page of `origin` came from this very server, as far as its host and port say. */
function isOwn(origin: string, headers: Headers): boolean {
  const url = URL.parse(origin);
  const own = url && URL.parse(`${url.protocol}//${headers.get("host") ?? ""}`);
  return own !== null && own.host !== "" && own.host === url?.host;
}

function hostNameIn(headers: Headers): string {
  return URL.parse(`http://${headers.get("host") ?? ""}`)?.hostname ?? "";
}
