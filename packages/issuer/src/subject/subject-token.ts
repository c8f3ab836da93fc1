import { decodeTextFromBase64url } from "@attest/core/internal";
import { Refusal } from "./refusal.js";

/** Token of a platform taken apart. Nothing in it is verified. */
export interface SubjectToken {
  readonly token: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Longest subject token that is looked at, in bytes. */
const MAX_SUBJECT_TOKEN_BYTES = 16_384;

/**
 * Takes a compact JWS apart (RFC 7515 §3.1).
 *
 * @throws {Refusal} when it is anything else, or too long.
 */
export function parseSubjectToken(token: string): SubjectToken {
  // A token is ASCII, so characters are bytes; other characters fail where the segments are decoded.
  if (token.length > MAX_SUBJECT_TOKEN_BYTES) {
    throw new Refusal("token_too_large", `the token is ${token.length} bytes long`);
  }
  const [header = "", claims = "", signature = "", ...others] = token.split(".");
  if (signature === "" || others.length > 0) throw malformed("a compact JWS has three segments");
  // Libraries pass over white space and padding. Then one token would have many spellings.
  if (Buffer.from(signature, "base64url").toString("base64url") !== signature)
    throw malformed("the signature is not canonical base64url");
  return { token, header: readObject(header, "header"), claims: readObject(claims, "payload") };
}

function readObject(segment: string, name: string): Readonly<Record<string, unknown>> {
  const value = parse(decodeTextFromBase64url(segment));
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw malformed(`the ${name} is no JSON object in base64url`);
}

/** Returns the value of JSON `text`, or `undefined`. The parser's message is dropped: it quotes the peer. */
function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(detail: string): Refusal {
  return new Refusal("invalid_token", `the token is malformed: ${detail}`);
}
