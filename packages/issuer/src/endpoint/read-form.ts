import { Refusal } from "../subject/refusal.js";

/** Longest body that is read, in bytes. */
const MAX_BODY_BYTES = 65_536;

/**
 * Returns the parameters of a form (RFC 6749 §3.2, Appendix B). A parameter without a value counts as absent.
 *
 * @throws {Refusal} when the body is no form, is longer than 64 KiB, or names a parameter twice.
 */
export async function readForm(request: Request): Promise<ReadonlyMap<string, string>> {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/x-www-form-urlencoded")
    throw new Refusal("wrong_content_type", "the body is no form");
  const text = await readText(request);
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (seen.has(name)) throw new Refusal("malformed_body", "a parameter is repeated");
    seen.add(name);
    if (value !== "") parameters.set(name, value);
  }
  return parameters;
}

/** Reads the body, and stops as soon as it is too long. */
async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) throw tooLarge();
  if (request.body === null) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > MAX_BODY_BYTES) throw tooLarge();
      text += decoder.decode(value, { stream: true });
    }
  } catch (cause) {
    reader.cancel().catch(() => undefined);
    throw cause instanceof Refusal
      ? cause
      : new Refusal("malformed_body", "the body cannot be read", { cause });
  }
}

function tooLarge(): Refusal {
  return new Refusal("body_too_large", `the body is longer than ${MAX_BODY_BYTES} bytes`);
}
