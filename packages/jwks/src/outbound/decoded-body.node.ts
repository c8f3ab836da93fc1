import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

/**
 * The body of an answer with its content encoding undone (RFC 9110 §8.4), a piece at a time and no faster than it
 * is read. An encoding that nobody asked for is left as it is.
 */
export function decodedBody(incoming: IncomingMessage): Readable {
  const decoder = DECODERS.get(incoming.headers["content-encoding"]?.trim().toLowerCase() ?? "")?.();
  if (decoder === undefined) return incoming;
  // Whoever reads the decoder gets the error, wherever it came up.
  return pipeline(incoming, decoder, () => undefined);
}
