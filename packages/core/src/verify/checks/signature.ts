import { withDeadline } from "../../deadline.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../../errors.js";
import { Ed25519PublicKey } from "../../keys/ed25519-public-key.js";
import { having, MAX_TIMER_SECONDS, seconds } from "../../options/option-kinds.js";
import { type OptionsSpec, readOptions } from "../../options/read-options.js";
import type { KeyResolver } from "../../ports.js";
import { printable } from "../../printable.js";
import { type Check, defineOwnCheck } from "../check.js";

export interface SignatureOptions {
  readonly keyResolver: KeyResolver;
  /** How long the key resolver is waited for, in seconds; after that the token is refused, 1010. Default: 30 s. */
  readonly keyTimeoutSeconds?: number | undefined;
}

/** Readers of {@link SignatureOptions}. */
export const SIGNATURE_OPTIONS: OptionsSpec<{ keyResolver: KeyResolver; keyTimeoutSeconds: number }> = {
  keyResolver: having<KeyResolver>("a KeyResolver: { getKey(issuer, kid) }", "getKey"),
  keyTimeoutSeconds: seconds(30, { max: MAX_TIMER_SECONDS }),
};

/** Rejects a token that its issuer's key `kid` did not sign, 1003 (RFC 7515 §5.2, RFC 8037 §3.1). */
export function signature(options: SignatureOptions): Check {
  const { keyResolver, keyTimeoutSeconds } = readOptions("signature", options, SIGNATURE_OPTIONS);
  const timedOut = () => unavailable(`the key resolver gave no answer within ${keyTimeoutSeconds} seconds`);

  return defineOwnCheck(
    "signature",
    async ({ claims, header, signingInput, signature }) => {
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
      if (key.verify(signingInput, signature) !== true)
        throw invalid(`not signed by the issuer's key "${printable(header.kid)}"`);
    },
    { reads: { keyResolver, keyTimeoutSeconds } },
  );
}

function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.KEY_UNAVAILABLE, detail, { cause });
}

function invalid(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_SIGNATURE, detail);
}
