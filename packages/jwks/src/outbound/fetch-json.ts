import ky from "ky";
import { KeySetRefusedError } from "./key-set-refused-error.js";
import type { Fetch } from "./outbound-fetch.js";
import { discardBody, readBody } from "./read-body.js";
import { retryAfterSeconds } from "./retry-after.js";
import { UnexpectedStatusError } from "./unexpected-status-error.js";

export interface FetchJsonOptions {
  readonly fetch: Fetch;
  /** The longest body that is read, in bytes. */
  readonly maxBytes: number;
  /** Aborts the request, and the reading of its body. */
  readonly signal: AbortSignal;
  /** The time, in seconds since the Unix epoch. */
  readonly now: number;
}

/** A parsed body, and the headers it came with. */
export interface FetchedJson {
  readonly document: unknown;
  readonly headers: Headers;
}

/**
 * The JSON document at `url`, asked for once: no redirect is followed, and any status but 200 is a failure.
 *
 * @throws {UnexpectedStatusError} when the status is another.
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
  // A `fetch` of the user's own may have followed a redirect all the same.
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
