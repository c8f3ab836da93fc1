import { HttpRefusal } from "./http-refusal.js";

export interface HostsAndOrigins {
  /** Host names in lower case, without ports; `null` for any. */
  readonly allowedHosts: ReadonlySet<string> | null;
  /** Origins in lower case. */
  readonly allowedOrigins: ReadonlySet<string>;
}

/**
 * Keeps web pages out that are not allowed by name, and with them DNS rebinding (MCP 2025-11-25, Streamable HTTP,
 * "Security Warning"). Returns the `Origin` of a page that is allowed by name, for whose browser the answer needs CORS
 * headers; `null` for all others that may call.
 *
 * @throws {HttpRefusal} 403 for another host than those served, or another `Origin` than those allowed.
 */
export function allowedOriginOf(
  request: Request,
  { allowedHosts, allowedOrigins }: HostsAndOrigins,
): string | null {
  const host = hostOf(request);
  if (allowedHosts !== null && !allowedHosts.has(hostNameIn(host))) {
    throw new HttpRefusal(403, "Forbidden: this host name is not served here; see allowedHosts");
  }
  const origin = request.headers.get("origin");
  if (origin === null) return null;
  if (allowedOrigins.has(origin.toLowerCase())) return origin;
  if (allowedHosts === null || !isOwn(origin, host)) {
    throw new HttpRefusal(403, "Forbidden: pages of this origin may not call; see allowedOrigins");
  }
  return null;
}

/** Returns the host and port that the request is for: without a `Host`, as over HTTP/2, those of its URL. */
function hostOf(request: Request): string {
  return request.headers.get("host") ?? URL.parse(request.url)?.host ?? "";
}

/** Whether a page of `origin` came from this very server, as far as its host and port say. */
function isOwn(origin: string, host: string): boolean {
  const url = URL.parse(origin);
  const own = url && URL.parse(`${url.protocol}//${host}`);
  return own !== null && own.host !== "" && own.host === url?.host;
}

function hostNameIn(host: string): string {
  return URL.parse(`http://${host}`)?.hostname ?? "";
}
