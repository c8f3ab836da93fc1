import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";

/** The compression method of zlib's header, in the low half of its first byte (RFC 1950 §2.2). */
const ZLIB_DEFLATE = 8;

/**
 * Returns the body of an answer with its content encoding undone (RFC 9110 §8.4), a piece at a time and no faster than it
 * is read. An encoding that was not asked for is left as it is.
 */
export async function decodedBody(incoming: IncomingMessage): Promise<Readable> {
  const encoding = incoming.headers["content-encoding"]?.trim().toLowerCase() ?? "";
  const decoder = await createDecoder(encoding, incoming);
  if (decoder === undefined) return incoming;
  // Errors of both reach the reader of the decoder.
  return pipeline(incoming, decoder, () => undefined);
}

function createDecoder(
  encoding: string,
  incoming: IncomingMessage,
): Transform | Promise<Transform> | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "deflate":
      return createInflateFor(incoming);
    default:
      return undefined;
  }
}

/** `deflate` is zlib's format by RFC 9110 §8.4.1.2. Some servers send it without zlib's header, as browsers accept it. */
async function createInflateFor(incoming: IncomingMessage): Promise<Transform> {
  await once(incoming, "readable");
  const first: Buffer | null = incoming.read(1);
  if (first === null) return createInflate();
  incoming.unshift(first);
  return ((first[0] ?? 0) & 0x0f) === ZLIB_DEFLATE ? createInflate() : createInflateRaw();
}
