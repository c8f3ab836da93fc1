import { KeySetRefusedError } from "./key-set-refused-error.js";

/**
 * The text of a response's body, read as a stream and given up as soon as it is longer than `maxBytes`, as it
 * is after any content encoding is undone.
 *
 * @throws {KeySetRefusedError} when the body is too long, or not UTF-8.
 * @throws {Error} when it breaks off.
 */
export async function readBody(response: Response, maxBytes: number): Promise<string> {
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

/** Lets go of a body, or the rest of it, that nobody will read, so that its connection is not held. */
export function discardBody(response: Response, reader?: ReadableStreamDefaultReader<Uint8Array>): void {
  (reader ?? response.body)?.cancel().catch(() => undefined);
}

function tooLong(maxBytes: number): KeySetRefusedError {
  return new KeySetRefusedError(`the answer is longer than ${maxBytes} bytes`);
}
