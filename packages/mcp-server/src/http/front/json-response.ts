/** Texts of answers that are there as a whole: Node's handler writes them without a stream. */
const texts = new WeakMap<Response, string>();

/** Returns an answer whose body is `value` as JSON. */
export function jsonResponse(
  value: unknown,
  {
    status = 200,
    headers = {},
  }: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): Response {
  const text = JSON.stringify(value);
  const length = String(Buffer.byteLength(text));
  const response = new Response(text, {
    status,
    headers: { "content-type": "application/json", "content-length": length, ...headers },
  });
  texts.set(response, text);
  return response;
}

/** Returns the text of an answer made by {@link jsonResponse}; `undefined` for any other. */
export function textOf(response: Response): string | undefined {
  return texts.get(response);
}
