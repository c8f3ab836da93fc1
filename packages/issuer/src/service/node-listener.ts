import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";

/**
 * Returns a listener of `node:http` for a handler of web-standard requests.
 *
 * @param base URL that the server is reached at. The Host header, which is the client's, is not asked.
 */
export function nodeListener(handle: (request: Request) => Promise<Response>, base: string): RequestListener {
  return (incoming, outgoing) => {
    answer(handle, base, incoming, outgoing).catch(() => outgoing.destroy());
  };
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  base: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = URL.parse(incoming.url ?? "", base);
  if (url === null) {
    outgoing.writeHead(400).end();
    return;
  }
  const { method = "GET", headersDistinct } = incoming;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" as const } : {};
  const response = await handle(new Request(url, { method, headers, ...body }));
  // A body that was not read to its end: the next request cannot be told from what is left of it.
  if (!incoming.complete) outgoing.setHeader("connection", "close");
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}
