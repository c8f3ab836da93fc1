import { withDeadline } from "../../deadline.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../../errors.js";
import { Ed25519PublicKey } from "../../keys/ed25519-public-key.js";
import { MAX_TIMER_SECONDS } from "../../options/option-kinds.js";
import { assertOptions } from "../../options/read-options.js";
import type { KeyResolver } from "../../ports.js";
import { printable } from "../../printable.js";
import { assertSeconds } from "../../seconds.js";
import { type Check, defineOwnCheck } from "../check.js";
import { OPTION_NAMES } from "../option-names.js";

export interface SignatureOptions {
  readonly keyResolver: KeyResolver;
  /** How long the key resolver is waited for, in seconds; after that the token is refused, 1010. Default 30. */
  readonly keyTimeoutSeconds?: number | undefined;
}

/** Rejects a token that its issuer's key `kid` did not sign (RFC 7515 §5.2, RFC 8037 §3.1). */
export function signature(options: SignatureOptions): Check {
  assertOptions("signature", options, OPTION_NAMES);
  const { keyResolver, keyTimeoutSeconds = 30 } = options;
  if (typeof keyResolver?.getKey !== "function")
    throw new TypeError("keyResolver must be a KeyResolver: { getKey(issuer, kid) }");
  assertSeconds("keyTimeoutSeconds", keyTimeoutSeconds, { min: 0, max: MAX_TIMER_SECONDS });

  const timedOut = () => unavailable(`the key resolver gave no answer within ${keyTimeoutSeconds} seconds`);

  return defineOwnCheck("signature", async ({ claims, header, signingInput, signature }) => {
    let key: unknown;
    try {
      key = await withDeadline(keyResolver.getKey(claims.iss, header.kid), keyTimeoutSeconds, timedOut);
    } catch (cause) {
      if (isAttestationError(cause)) throw cause;
      throw unavailable("the key resolver failed", cause);
    }
    if (key === undefined) throw invalid(`the issuer publishes no key "${printable(header.kid)}"`);
    if (!Ed25519PublicKey.isPublicKey(key)) {
      throw unavailable("the key resolver returned something that is not an Ed25519PublicKey");
    }
    if (key.verify(signingInput, signature) === true) return;
    const renewed = await refreshedKey(claims.iss, header.kid);
    const isRenewed = renewed !== key && Ed25519PublicKey.isPublicKey(renewed);
    if (!isRenewed || renewed.verify(signingInput, signature) !== true)
      throw invalid(`not signed by the issuer's key "${printable(header.kid)}"`);
  });

  /** Returns the issuer's key after another look, or `undefined` when there is no such look or it fails. */
  async function refreshedKey(issuer: string, kid: string): Promise<unknown> {
    if (typeof keyResolver.refresh !== "function") return undefined;
    try {
      return await withDeadline(keyResolver.refresh(issuer, kid), keyTimeoutSeconds, timedOut);
    } catch {
      // The key that is known did not sign the token. That stands.
      return undefined;
    }
  }
}

function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.KEY_UNAVAILABLE, detail, { cause });
}

function invalid(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_SIGNATURE, detail);
}
