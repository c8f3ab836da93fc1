/** Headers that a page's script may send, and may read of an answer, beside what every page may (Fetch Standard, "CORS"). */
const REQUEST_HEADERS =
  "accept, authorization, content-type, last-event-id, mcp-protocol-version, mcp-session-id";
const RESPONSE_HEADERS = "Mcp-Session-Id, WWW-Authenticate, Retry-After";
const MAX_AGE_SECONDS = 86_400;

/** Whether the request asks, in a browser's name, if a page may send the request that it is about to. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("access-control-request-method");
}

/** Returns the answer to a preflight of an origin that may call. */
export function preflightResponse(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": REQUEST_HEADERS,
      "access-control-max-age": String(MAX_AGE_SECONDS),
    },
  });
}

/** Lets pages of `origin` read the answer. */
export function allowOrigin({ headers }: Response, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", RESPONSE_HEADERS);
  headers.append("vary", "Origin");
}
