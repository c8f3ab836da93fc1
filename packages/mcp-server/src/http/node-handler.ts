import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { callback, readOptions } from "@attest/core/internal";
import { HttpRefusal } from "./front/http-refusal.js";
import { incomingHost, pathOf } from "./node-address.js";
import { readsNodeRequests, setIncoming } from "./node-requests.js";
import { endAfterwards, writeResponse } from "./node-response.js";

/** Things that a host hands over beside a request. */
export interface RequestExtra {
  /** The body, where another has read it already: what JSON says, or its text or bytes. */
  readonly parsedBody?: unknown;
  /** The user behind the agent, as the MCP SDK's `requireBearerAuth` finds out: handlers get it as `extra.authInfo`. */
  readonly authInfo?: unknown;
}

/** A handler of web-standard requests, such as `HttpSessions.handle`. */
export type WebHandler = (request: Request, extra?: RequestExtra) => Response | Promise<Response>;

export interface NodeHandlerOptions {
  /** Told of what the handler throws, and of requests that no `Request` can be made of. Default: a process warning. */
  readonly onerror?: ((error: unknown) => void) | undefined;
}

/** A request as Node has it, with what Express's middleware leaves on it: the `body` and the user. */
type NodeRequest = IncomingMessage & { readonly body?: unknown; readonly auth?: unknown };

type RequestBody = NonNullable<RequestInit["body"]>;

/** Methods that the Fetch Standard has no requests for. */
const FORBIDDEN_METHODS: readonly string[] = ["CONNECT", "TRACE", "TRACK"];

/**
 * Returns the same handler for `node:http`, `node:http2` and Express: `app.all("/mcp", toNodeHandler(sessions.handle))`.
 * Works with and without body parsers before it, and passes on what `requireBearerAuth` found out. An error of the
 * handler's own is answered with 500, without its text.
 */
export function toNodeHandler(
  handle: WebHandler,
  options: NodeHandlerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  if (typeof handle !== "function") {
    throw new TypeError("toNodeHandler takes a function of a Request, such as sessions.handle");
  }
  const { onerror } = readOptions<{ readonly onerror: (error: unknown) => void }>("toNodeHandler", options, {
    onerror: callback<(error: unknown) => void>(warn),
  });
  const leavesBodies = readsNodeRequests(handle);
  return async (incoming: NodeRequest, outgoing) => {
    try {
      const response = await answer(incoming, outgoing);
      if (!incoming.complete) endAfterwards(incoming, outgoing);
      await writeResponse(response, outgoing);
    } catch (error) {
      tell(onerror, error);
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    }
  };

  async function answer(incoming: NodeRequest, outgoing: ServerResponse): Promise<Response> {
    const { method = "GET", auth: authInfo } = incoming;
    if (FORBIDDEN_METHODS.includes(method)) return new HttpRefusal(405, "Method not allowed").toResponse();
    const path = pathOf(incoming);
    if (path === undefined) return new HttpRefusal(404, "Not Found: the request has no path").toResponse();
    const url = `http://${incomingHost(incoming) ?? "host.invalid"}${path}`;
    if (leavesBodies) {
      const request = new Request(url, { method, headers: headersOf(incoming) });
      // A parser that did not feel concerned leaves the stream unread, and may leave an empty object.
      const parsedBody = incoming.readableDidRead ? incoming.body : undefined;
      return handle(setIncoming(request, incoming), { parsedBody, authInfo });
    }
    const request = wholeRequest(incoming, outgoing, url);
    return authInfo === undefined ? handle(request) : handle(request, { authInfo });
  }
}

/** Returns a request that has its body itself, and a signal, for a handler of which nothing is known. */
function wholeRequest(incoming: NodeRequest, outgoing: ServerResponse, url: string): Request {
  const gone = new AbortController();
  // An answer that is out is no reason to abort: that would cost an error with its stack at every request.
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const { method = "GET", body } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, {
    method,
    headers: headersOf(incoming),
    signal: gone.signal,
    ...(hasBody
      ? { body: incoming.readableDidRead ? textOf(body) : streamOf(incoming), duplex: "half" }
      : {}),
  });
}

function headersOf({ headers }: IncomingMessage): [string, string][] {
  const list: [string, string][] = [];
  for (const name in headers) {
    // HTTP/2 has its request line among the headers, each name with a colon in front.
    if (name.startsWith(":")) continue;
    const value = headers[name];
    if (typeof value === "string") list.push([name, value]);
    else for (const one of value ?? []) list.push([name, one]);
  }
  return list;
}

function streamOf(incoming: IncomingMessage): RequestBody {
  return Readable.toWeb(incoming) as RequestBody;
}

function textOf(body: unknown): RequestBody {
  return typeof body === "string" || body instanceof Uint8Array
    ? (body as RequestBody)
    : JSON.stringify(body ?? null);
}

function tell(onerror: (error: unknown) => void, error: unknown): void {
  try {
    onerror(error);
  } catch {
    // Nobody is left to be told.
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
