import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";

/** A handler of web-standard requests, such as `HttpSessions.handle`. */
export type WebHandler = (request: Request) => Response | Promise<Response>;

const LINGER_MILLISECONDS = 2000;

type RequestBody = NonNullable<RequestInit["body"]>;

/** A request as Node has it; Express adds the `body` that a parser of its own has read already. */
type NodeRequest = IncomingMessage & { readonly body?: unknown };

/**
 * The same handler for `node:http` and Express: `app.all("/mcp", toNodeHandler(sessions.handle))`. Works with and
 * without `express.json()` before it. An error of the handler's own becomes a 500 without its text.
 */
export function toNodeHandler(
  handle: WebHandler,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  if (typeof handle !== "function") {
    throw new TypeError("toNodeHandler takes a function of a Request, such as sessions.handle");
  }
  return async (incoming: NodeRequest, outgoing) => {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    try {
      const response = await handle(toRequest(incoming, gone.signal));
      if (!incoming.complete) endAfterwards(incoming, outgoing);
      await send(response, outgoing, gone.signal);
    } catch {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    }
  };
}

function toRequest(incoming: NodeRequest, signal: AbortSignal): Request {
  const { method = "GET", url = "/", headers, body } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  // Whatever the Host header says, the URL serves only to name a path; the header itself is checked as it is.
  return new Request(new URL(url, "http://localhost"), {
    method,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, one]),
    ),
    signal,
    ...(hasBody ? { body: bodyOf(incoming, body), duplex: "half" } : {}),
  });
}

function bodyOf(incoming: IncomingMessage, parsed: unknown): RequestBody {
  return parsed === undefined ? (Readable.toWeb(incoming) as RequestBody) : JSON.stringify(parsed);
}

/**
 * A request that was answered before all of it was there: the rest is let by, so that its sender comes to read the
 * answer, for a while; then the connection is over, since the next request on it would never be found.
 */
function endAfterwards(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.setHeader("connection", "close");
  outgoing.once("finish", () => {
    // Nobody collects it any more.
    incoming
      .removeAllListeners("data")
      .on("error", () => undefined)
      .resume();
    setTimeout(() => incoming.destroy(), LINGER_MILLISECONDS).unref();
  });
}

async function send(response: Response, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else
    await pipeline(Readable.fromWeb(response.body as NodeReadableStream), outgoing, { signal }).catch(
      () => undefined,
    );
}
