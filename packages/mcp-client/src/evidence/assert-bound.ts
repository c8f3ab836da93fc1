import type { Ed25519PublicKey } from "@attest/core";
import { readUnverifiedClaims } from "./unverified-claims.js";

/**
 * Asserts that a token is bound to the key that the client will prove. One that is not could be stolen, or would be refused.
 *
 * @throws {TypeError} saying what it is bound to instead.
 */
export function assertBoundTo(key: Ed25519PublicKey, token: string): void {
  const { boundTo } = readUnverifiedClaims(token);
  if (boundTo === key.toJwk().x) return;
  throw new TypeError(
    boundTo === null
      ? "getToken returned a token that is not bound to a key: ask the issuer for one bound to confirmationKey"
      : "getToken returned a token that is bound to another key than confirmationKey",
  );
}
