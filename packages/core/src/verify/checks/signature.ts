import { type AskOptions, ask } from "../../deadline.js";
import { AttestationError, AttestationErrorCode, isAttestationError } from "../../errors.js";
import { Ed25519PublicKey } from "../../keys/ed25519-public-key.js";
import { count, having, MAX_TIMER_SECONDS, seconds } from "../../options/option-kinds.js";
import { type OptionsSpec, readOptions } from "../../options/read-options.js";
import type { KeyResolver, MaybePromise } from "../../ports.js";
import { printable } from "../../printable.js";
import { type Check, defineOwnCheck, type VerificationContext } from "../check.js";
import { RecentlyUsed } from "../recently-used.js";

export interface SignatureOptions {
  readonly keyResolver: KeyResolver;
  /** How long the key resolver is waited for, in seconds; after that the token is refused, 1010. Default: 30 s. */
  readonly keyTimeoutSeconds?: number | undefined;
  /** How many bound tokens are remembered as verified. The least recently used are verified again. Default: 4096. */
  readonly maxRememberedTokens?: number | undefined;
}

/** Readers of {@link SignatureOptions}. */
export const SIGNATURE_OPTIONS: OptionsSpec<{
  keyResolver: KeyResolver;
  keyTimeoutSeconds: number;
  maxRememberedTokens: number;
}> = {
  keyResolver: having<KeyResolver>("a KeyResolver: { getKey(issuer, kid) }", "getKey"),
  keyTimeoutSeconds: seconds(30, { max: MAX_TIMER_SECONDS }),
  maxRememberedTokens: count(4096),
};

/**
 * Rejects a token that its issuer's key `kid` did not sign, 1003 (RFC 7515 §5.2, RFC 8037 §3.1).
 *
 * A bound token comes again and again, so which key signed it is remembered by the hash of its bytes. The key is asked for
 * each time all the same: once the issuer has withdrawn or replaced it, what is remembered counts no more.
 */
export function signature(options: SignatureOptions): Check {
  const { keyResolver, keyTimeoutSeconds, maxRememberedTokens } = readOptions(
    "signature",
    options,
    SIGNATURE_OPTIONS,
  );
  const signers = new RecentlyUsed<Ed25519PublicKey>(maxRememberedTokens);
  const bounds: AskOptions = {
    seconds: keyTimeoutSeconds,
    onTimeout: () => unavailable(`the key resolver gave no answer within ${keyTimeoutSeconds} seconds`),
    onFailure: (cause) => (isAttestationError(cause) ? cause : unavailable("the key resolver failed", cause)),
  };

  function isRemembered(key: Ed25519PublicKey, { tokenHash }: VerificationContext): boolean {
    const signer = tokenHash === undefined ? undefined : signers.get(tokenHash);
    return signer !== undefined && (signer === key || signer.toJwk().x === key.toJwk().x);
  }

  function remember(key: Ed25519PublicKey, { tokenHash }: VerificationContext): void {
    if (tokenHash !== undefined) signers.set(tokenHash, key);
  }

  /**
   * Looks for a new key under the old name, which some issuers have after a restart. A resolver that fails changes
   * nothing: the key that is known did not sign the token.
   */
  function assertSignedWithNew(old: Ed25519PublicKey, context: VerificationContext): MaybePromise<void> {
    const { claims, header } = context;
    const refused = invalid(`not signed by the issuer's key "${printable(header.kid)}"`);
    if (typeof keyResolver.refresh !== "function") throw refused;
    return ask<unknown, void>(
      () => keyResolver.refresh?.(claims.iss, header.kid),
      { ...bounds, onFailure: () => refused },
      (key) => {
        if (key === old || !(key instanceof Ed25519PublicKey) || !isSignedWith(key, context)) throw refused;
        remember(key, context);
      },
    );
  }

  return defineOwnCheck(
    "signature",
    (context) => {
      const { claims, header } = context;
      return ask<unknown, void>(
        () => keyResolver.getKey(claims.iss, header.kid),
        bounds,
        (key) => {
          if (key === undefined) throw invalid(`the issuer publishes no key "${printable(header.kid)}"`);
          if (!(key instanceof Ed25519PublicKey)) {
            throw unavailable("the key resolver returned something that is not an Ed25519PublicKey");
          }
          if (isRemembered(key, context)) return undefined;
          if (!isSignedWith(key, context)) return assertSignedWithNew(key, context);
          remember(key, context);
          return undefined;
        },
      );
    },
    { reads: { keyResolver, keyTimeoutSeconds, maxRememberedTokens: options.maxRememberedTokens } },
  );
}

/** Whether `key` signed the token; a key of the user's own making has to say so in as many words. */
function isSignedWith(key: Ed25519PublicKey, { signingInput, signature }: VerificationContext): boolean {
  return key.verify(signingInput, signature) === true;
}

function unavailable(detail: string, cause?: unknown): AttestationError {
  return new AttestationError(AttestationErrorCode.KEY_UNAVAILABLE, detail, { cause });
}

function invalid(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_SIGNATURE, detail);
}
