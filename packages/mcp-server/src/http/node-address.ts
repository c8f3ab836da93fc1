import type { IncomingMessage } from "node:http";

/** Returns the host that a request is for, with its port; `undefined` when it does not say, or says no host. */
export function incomingHost({ headers }: IncomingMessage): string | undefined {
  const authority = headers[":authority"];
  const host = headers.host ?? (typeof authority === "string" ? authority : "");
  return /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`) ? host : undefined;
}

/** Returns the path of a request, with its query; `undefined` when it has none. */
export function pathOf({ url = "/" }: IncomingMessage): string | undefined {
  if (url.startsWith("/")) return url.startsWith("//") ? undefined : url;
  // As a proxy is asked (RFC 9112 §3.2.2); the host in it counts for nothing.
  const absolute = URL.parse(url);
  return absolute === null || absolute.host === "" ? undefined : `${absolute.pathname}${absolute.search}`;
}
