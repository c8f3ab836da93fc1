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
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  const own = URL.parse(`${url.protocol}//${host}`);
  return own !== null && own.host !== "" && own.host === url.host;
}

/** A host name or address with or without a port (RFC 9110 §7.2): no user info, no path, nothing that a parser drops. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/** Returns the name in a `Host` header, in lower case; empty when it is none, or a parser would read another one. */
function hostNameIn(host: string): string {
  const name = HOST.exec(host)?.[1]?.toLowerCase() ?? "";
  return URL.parse(`http://${name}`)?.hostname === name ? name : "";
}
