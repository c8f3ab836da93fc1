import { kindOf } from "@attest/core/internal";
import { TokenSourceError } from "./token-source-error.js";

/**
 * Returns the token by which a workload's platform says which workload it is. It is called for every exchange, so that the
 * token is always a fresh one.
 */
export type SubjectTokenSource = () => string | Promise<string>;

/** Longest subject token, in characters: issuers read no longer one. */
export const MAX_TOKEN_CHARACTERS = 16_384;

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Returns `given` without white space around it, once it looks like a JWT. The issuer judges the rest.
 *
 * @param origin what gave it, for the message. The message holds nothing of what was given, which may be secret.
 * @throws {TokenSourceError} when it is no JWT.
 */
export function readJwt(given: unknown, origin: string): string {
  if (typeof given !== "string")
    throw new TokenSourceError(`${origin} gave ${kindOf(given)} instead of a token`);
  const token = given.trim();
  if (token === "") throw new TokenSourceError(`${origin} gave no token: it is empty`);
  if (token.length > MAX_TOKEN_CHARACTERS)
    throw new TokenSourceError(
      `${origin} gave no token: it is longer than ${MAX_TOKEN_CHARACTERS} characters`,
    );
  if (COMPACT_JWS.test(token)) return token;
  throw new TokenSourceError(
    `${origin} gave no JWT: a JWT has three parts of letters, digits, "-" and "_", with dots between them`,
  );
}
