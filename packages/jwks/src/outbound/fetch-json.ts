import ky from "ky";
import { KeySetRefusedError, UnexpectedStatusError } from "../errors/fetch-errors.js";
import type { Fetch } from "./outbound-fetch.portable.js";
import { retryAfterSeconds } from "./response-headers.js";

export interface FetchJsonOptions {
  readonly fetch: Fetch;
  /** Longest body that is read, in bytes. */
  readonly maxBytes: number;
  /** Signal that aborts the request and the reading of its body. */
  readonly signal: AbortSignal;
  /** Time now, in seconds since the Unix epoch. */
  readonly now: number;
}

/** Parsed body, with the headers of its answer. */
export interface FetchedJson {
  readonly document: unknown;
  readonly headers: Headers;
}

/**
 * Fetches the JSON document at `url` with one request. No redirect is followed.
 *
 * @throws {UnexpectedStatusError} when the status is not 200.
 * @throws {KeySetRefusedError} when the answer is too long or not JSON, or came by way of a redirect.
 * @throws {Error} when there is no answer, or only a part of one.
 */
export async function fetchJson(
  url: URL,
  { fetch, maxBytes, signal, now }: FetchJsonOptions,
): Promise<FetchedJson> {
  const response = await ky.get(url, {
    fetch,
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "manual",
    throwHttpErrors: false,
    retry: 0,
    // The caller's signal bounds the request and its body together; ky's own clock stops at the headers.
    timeout: false,
    signal,
  });
  const { headers, status } = response;
  // A `fetch` that the user gave may have followed a redirect all the same.
  if (status !== 200 || response.redirected) {
    discardBody(response);
    throw response.redirected
      ? new KeySetRefusedError("the answer came by way of a redirect")
      : new UnexpectedStatusError(status, retryAfterSeconds(headers, now));
  }
  const text = await readBody(response, maxBytes);
  try {
    return { document: JSON.parse(text), headers };
  } catch {
    // Not kept as the cause: the parser's message quotes the text, which comes from a peer.
    throw new KeySetRefusedError("the answer is not JSON");
  }
}

/**
 * Reads the text of a response's body, and stops as soon as it is longer than `maxBytes`. The bytes count as they are
 * after any content encoding is undone.
 *
 * @throws {KeySetRefusedError} when the body is too long, or not UTF-8.
 * @throws {Error} when it breaks off.
 */
async function readBody(response: Response, maxBytes: number): Promise<string> {
  if (Number(response.headers.get("content-length")) > maxBytes) {
    discardBody(response);
    throw tooLong(maxBytes);
  }
  if (response.body === null) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      discardBody(response, reader);
      throw new KeySetRefusedError("the answer is not UTF-8", { cause });
    }
  };
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      discardBody(response, reader);
      throw tooLong(maxBytes);
    }
    text += decode(value);
  }
}

/** Releases the connection of a body that is not read, or not to its end. */
function discardBody(response: Response, reader?: ReadableStreamDefaultReader<Uint8Array>): void {
  (reader ?? response.body)?.cancel().catch(() => undefined);
}

function tooLong(maxBytes: number): KeySetRefusedError {
  return new KeySetRefusedError(`the answer is longer than ${maxBytes} bytes`);
}
