import type { ReadableStream, ReadableStreamDefaultReader, ReadableStreamReadResult } from "node:stream/web";
import { HttpRefusal } from "./http-refusal.js";
import type { HttpSessionsSettings } from "./session-options.js";

/**
 * The JSON in a request's body, read before anything is made for it: a client that sends half a request holds
 * no session and no server.
 *
 * @throws {HttpRefusal} 413 when it is too long, 408 when it takes too long, 400 when it is not JSON.
 */
export async function readJsonBody(
  request: Request,
  { maxBodyBytes, bodyTimeoutSeconds }: Pick<HttpSessionsSettings, "maxBodyBytes" | "bodyTimeoutSeconds">,
): Promise<unknown> {
  if (Number(request.headers.get("content-length")) > maxBodyBytes) throw tooLong(maxBodyBytes);
  const reader = (request.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) throw notJson();
  let isTooSlow = false;
  const slow = setTimeout(() => {
    isTooSlow = true;
    reader.cancel().catch(() => undefined);
  }, bodyTimeoutSeconds * 1000);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let read = await next(reader); !read.done; read = await next(reader)) {
      length += read.value.byteLength;
      if (length > maxBodyBytes) throw tooLong(maxBodyBytes);
      chunks.push(read.value);
    }
  } finally {
    clearTimeout(slow);
    reader.cancel().catch(() => undefined);
  }
  if (isTooSlow) throw new HttpRefusal(408, "Request Timeout: the body took too long to arrive");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks, length)));
  } catch {
    throw notJson();
  }
}

/** A client that goes away in the middle of its body is no error of ours. */
async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch {
    throw new HttpRefusal(400, "Bad Request: the body broke off");
  }
}

function tooLong(maxBodyBytes: number): HttpRefusal {
  return new HttpRefusal(
    413,
    `Content Too Large: at most ${maxBodyBytes} bytes are read here; see maxBodyBytes and maxInitializeBytes`,
  );
}

function notJson(): HttpRefusal {
  return new HttpRefusal(400, "Parse error: the body is not JSON", -32700);
}
