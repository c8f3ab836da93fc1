import { kindOf } from "@attest/core/internal";

/** The characters of a compact JWS (RFC 7515 §3.1). */
const TOKEN = /^[A-Za-z0-9_.-]+$/;

/** Things that token sources return by mistake, and the remedy. The first that fits is said. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^\s*</, "an HTML or XML page: check the provider's URL and the status of its response"],
  [/^\s*[{[]/, "JSON: return the member that holds the token"],
  [/^\s*"/, "text in quotes: parse it as JSON, and return the string"],
  [/^\s*(bearer|dpop)\s/i, "text with an authorization scheme before the token: return the token alone"],
  [/^\s*[A-Za-z0-9_.-]+\s*$/, "a token with white space around it: trim it"],
];

/**
 * Asserts that a token source gave something that can be a token. The server judges the rest.
 *
 * @throws {TypeError} saying what it looks like instead. The message holds nothing of the text, which may be secret.
 */
export function assertToken(given: unknown): asserts given is string {
  if (typeof given === "string" && TOKEN.test(given)) return;
  throw new TypeError(`getToken must return a token, got ${lookOf(given)}`);
}

function lookOf(given: unknown): string {
  if (typeof given !== "string") return kindOf(given);
  if (given === "") return "an empty string";
  const [, mistake] = MISTAKES.find(([pattern]) => pattern.test(given)) ?? [];
  return (
    mistake ?? 'text with characters that no token has: a token has letters, digits, "-", "_" and "." only'
  );
}
