/*
 * Changes that an attacker can make to a token without a key: the content is another, the signature is not made anew.
 */

type Json = Readonly<Record<string, unknown>>;

/** The token with another payload under the old signature. */
export function withPayload(token: string, change: (payload: Json) => Json): string {
  const [header, payload, signature] = segmentsOf(token);
  return `${header}.${encode(change(decode(payload)))}.${signature}`;
}

/** The token with another header and no signature at all. */
export function unsigned(token: string): string {
  const [header, payload] = segmentsOf(token);
  return `${encode({ ...decode(header), alg: "none" })}.${payload}.`;
}

function segmentsOf(token: string): readonly [string, string, string] {
  const [header = "", payload = "", signature = ""] = token.split(".");
  return [header, payload, signature];
}

function decode(segment: string): Json {
  return JSON.parse(Buffer.from(segment, "base64url").toString("utf8")) as Json;
}

function encode(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
