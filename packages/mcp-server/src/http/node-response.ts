import type { IncomingMessage, ServerResponse } from "node:http";
import type { ReadableStream } from "node:stream/web";
import { textOf } from "./front/json-response.js";
import type { UnsentAnswer } from "./front/unsent-bytes.js";
import { watchOf } from "./front/watched-response.js";

const LINGER_MILLISECONDS = 2000;

/** Headers that HTTP/2 refuses, since it has no connections of that kind (RFC 9113 §8.2.2). */
const CONNECTION_HEADERS: readonly string[] = ["connection", "keep-alive", "transfer-encoding", "upgrade"];

/** Writes `response`; what of it is there at once goes out in one piece with its head. */
export async function writeResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  const watch = watchOf(response);
  const answer = watch?.unsent.open(() => outgoing.destroy());
  if (watch !== undefined) {
    outgoing.once("close", () => {
      answer?.end();
      watch.onEnd?.();
    });
  }
  outgoing.writeHead(response.status, headersOf(response, outgoing));
  const text = textOf(response);
  if (text !== undefined || response.body === null) outgoing.end(text);
  else {
    cork(outgoing);
    outgoing.flushHeaders();
    await pump(response.body as ReadableStream<Uint8Array>, outgoing, answer);
  }
  answer?.holds(outgoing.writableLength);
}

/**
 * Ends the connection of a request that was answered before all of it was there. The rest is let by for a while, so that
 * its sender comes to read the answer; the next request on the connection would never be found.
 */
export function endAfterwards(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { httpVersionMajor } = incoming;
  if (httpVersionMajor < 2) outgoing.setHeader("connection", "close");
  outgoing.once("finish", () => {
    // Nobody collects it any more.
    incoming
      .removeAllListeners("data")
      .on("error", () => undefined)
      .resume();
    setTimeout(() => incoming.destroy(), LINGER_MILLISECONDS).unref();
  });
}

function headersOf({ headers }: Response, { req }: ServerResponse): Record<string, string | string[]> {
  const written: Record<string, string | string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) written["set-cookie"] = cookies;
  if (req.httpVersionMajor >= 2) for (const name of CONNECTION_HEADERS) delete written[name];
  return written;
}

/** It is the socket that is corked: a response that is corked itself ends before its last chunk (Node 24). */
function cork({ req, socket }: ServerResponse): void {
  if (req.httpVersionMajor >= 2 || socket === null) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** Writes a body as it comes. Where the unsent bytes are counted, that is what bounds them; else the reader's pace does. */
async function pump(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  answer: UnsentAnswer | undefined,
): Promise<void> {
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  outgoing.once("close", stop);
  if (answer !== undefined) outgoing.on("drain", () => answer.holds(outgoing.writableLength));
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (outgoing.write(read.value)) continue;
      if (answer === undefined) await drained(outgoing);
      else answer.holds(outgoing.writableLength);
    }
    outgoing.end();
  } catch {
    // The head is out: that the rest is missing can only be told by breaking off.
    outgoing.destroy();
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("drain", resolve).once("close", resolve);
  });
}
