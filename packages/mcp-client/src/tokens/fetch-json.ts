import { printable } from "@attest/core/internal";
import { TokenSourceError } from "./token-source-error.js";

/** Longest body that is read, in bytes. */
const MAX_BODY_BYTES = 65_536;

export interface JsonRequest {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
  /** Longest time for the request and its whole answer, in seconds. */
  readonly timeoutSeconds: number;
  /** Name of the party that is asked, for messages. */
  readonly who: string;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, parsed; `undefined` when it is not JSON. */
  readonly document: unknown;
}

/**
 * Makes one request that carries a secret: it follows no redirect, and reads no more than 64 KiB.
 *
 * @throws {TokenSourceError} when there is no whole answer in time, or it is too long or a redirect.
 */
export async function fetchJson(request: JsonRequest): Promise<JsonAnswer> {
  const { url, method, headers, body, timeoutSeconds, who } = request;
  try {
    const response = await fetch(url, {
      method,
      headers: { accept: "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
      // A redirect would take the token along, to wherever it leads.
      redirect: "manual",
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    const { status } = response;
    if (status >= 300 && status < 400) {
      discard(response.body);
      throw new TokenSourceError(
        `${who} answered with a redirect (status ${status}), which is not followed: name the place that it leads to`,
        { status },
      );
    }
    return { status, headers: response.headers, document: parse(await readText(response, who)) };
  } catch (cause) {
    if (cause instanceof TokenSourceError) throw cause;
    throw new TokenSourceError(`${who} ${reasonOf(cause, timeoutSeconds)}`, { cause });
  }
}

async function readText(response: Response, who: string): Promise<string> {
  if (response.body === null) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      discard(reader);
      throw new TokenSourceError(`${who} answered with more than ${MAX_BODY_BYTES} bytes`, {
        status: response.status,
      });
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The parser's own message quotes the text, so it is dropped. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Releases the connection of a body that is not read to its end. */
function discard(body: { cancel(): Promise<void> } | null): void {
  body?.cancel().catch(() => undefined);
}

function reasonOf(cause: unknown, timeoutSeconds: number): string {
  const { name, cause: beneath } = cause as { readonly name?: unknown; readonly cause?: unknown };
  if (name === "TimeoutError") return `gave no answer within ${timeoutSeconds} s`;
  const { code } = Object(beneath) as { readonly code?: unknown };
  const why = typeof code === "string" ? ` (${printable(code)})` : "";
  return `cannot be reached${why}: check its URL and the network; NODE_EXTRA_CA_CERTS names an authority of your own`;
}
