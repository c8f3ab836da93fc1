import type { IncomingMessage } from "node:http";
import type { ReadableStream, ReadableStreamDefaultReader } from "node:stream/web";
import { incomingOf } from "../node-requests.js";

/** Hears of a body as it arrives. */
interface BodyListener {
  readonly chunk: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** The body ended before its end. */
  readonly broken: () => void;
}

/** Has `listener` told of a body; returns what stops that. */
export type BodySource = (listener: BodyListener) => () => void;

/**
 * Returns where the body of `request` comes from.
 *
 * @throws {Error} when another has read it already.
 */
export function bodySourceOf(request: Request): BodySource {
  const incoming = incomingOf(request);
  if (incoming?.readableDidRead || request.bodyUsed) {
    throw new Error(
      "the request's body was read before it came to HttpSessions: hand over what was read, by handle(request, { parsedBody }), or as request.body for toNodeHandler",
    );
  }
  if (incoming !== undefined) return (listener) => listen(incoming, listener);
  const body = request.body as ReadableStream<Uint8Array> | null;
  return (listener) => {
    const reader = body?.getReader();
    if (reader === undefined) listener.end();
    else void readAll(reader, listener);
    return () => void reader?.cancel().catch(() => undefined);
  };
}

function listen(incoming: IncomingMessage, { chunk, end, broken }: BodyListener): () => void {
  incoming.on("data", chunk).on("end", end).on("error", broken).on("close", broken);
  return () => void incoming.off("data", chunk).off("end", end).off("error", broken).off("close", broken);
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { chunk, end, broken }: BodyListener,
): Promise<void> {
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) chunk(read.value);
    end();
  } catch {
    broken();
  }
}
