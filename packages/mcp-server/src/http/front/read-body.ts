import { isUtf8 } from "node:buffer";
import type { BodySource } from "./body-source.js";
import { HttpRefusal } from "./http-refusal.js";

/** How long the first byte of a body may take, in seconds: a caller that has one to send sends it at once. */
const FIRST_BYTE_SECONDS = 5;

/** Bounds of reading one body. */
export interface BodyBounds {
  /** The longest body, in bytes. */
  readonly most: number;
  /** How long all of it may take to arrive. */
  readonly seconds: number;
  /** Asks for room for so many bytes more; `false` when there is none. */
  readonly grow: (bytes: number) => boolean;
  /** Is given what gives the body up from outside. */
  readonly onStart: (giveUp: () => void) => void;
}

/**
 * Reads the JSON in a body, before anything is made for its request.
 *
 * @throws {HttpRefusal} 413 when it is too long, 408 when it takes too long, 503 when there is no room for it, 400 when it
 *   is not JSON.
 */
export async function readBody(source: BodySource, bounds: BodyBounds): Promise<unknown> {
  const chunks = await receive(source, bounds);
  const [first, ...others] = chunks;
  return parseJson(first !== undefined && others.length === 0 ? first : Buffer.concat(chunks));
}

/** @throws {HttpRefusal} 400 when `body` is not JSON. */
export function parseJson(body: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof body === "string" ? body : textOf(body));
  } catch {
    throw new HttpRefusal(400, "Parse error: the body is not JSON", -32700);
  }
}

/** Bytes that a decoder would replace are refused: two parsers might make two things of it (RFC 8259 §8.1). */
function textOf(body: Uint8Array): string {
  if (!isUtf8(body)) throw new TypeError("not UTF-8");
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.toString();
}

export function tooLong(most: number): HttpRefusal {
  return new HttpRefusal(
    413,
    `Content Too Large: at most ${most} bytes are read here; see limits.bodyBytes and limits.initializeBytes`,
  );
}

export function noRoom(): HttpRefusal {
  return new HttpRefusal(
    503,
    "Service Unavailable: too many bytes are on their way; see limits.bytesInFlight",
  );
}

function receive(source: BodySource, { most, seconds, grow, onStart }: BodyBounds): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let isOver = false;
    let stop: (() => void) | undefined;
    const settle = (refusal?: HttpRefusal): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      stop?.();
      if (refusal === undefined) resolve(chunks);
      else reject(refusal);
    };
    const tooSlow = () => settle(new HttpRefusal(408, "Request Timeout: the body took too long to arrive"));
    const first = Math.min(FIRST_BYTE_SECONDS, seconds);
    let timer = setTimeout(() => {
      if (length === 0 || first === seconds) tooSlow();
      else timer = setTimeout(tooSlow, (seconds - first) * 1000);
    }, first * 1000);
    onStart(() => settle(noRoom()));
    stop = source({
      chunk: (bytes) => {
        if (isOver) return;
        length += bytes.byteLength;
        if (length > most) settle(tooLong(most));
        else if (grow(bytes.byteLength)) chunks.push(bytes);
        else settle(noRoom());
      },
      end: () => settle(),
      broken: () => settle(new HttpRefusal(400, "Bad Request: the body broke off")),
    });
    if (isOver) stop();
  });
}
