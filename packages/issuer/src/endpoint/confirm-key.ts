import {
  AttestationErrorCode,
  type Clock,
  type Confirmation,
  type Ed25519PublicJwk,
  type Ed25519PublicKey,
  isAttestationError,
  type ReplayCache,
  verifyConfirmation,
} from "@attest/core";
import { withDeadline } from "@attest/core/internal";
import { Refusal, type RefusalAbout } from "../subject/refusal.js";
import { CLOCK_SKEW_SECONDS } from "../subject/token-problems.js";
import type { ExchangeRequest } from "./exchange-request.js";

export interface ConfirmContext {
  /** The issuer, which the proof has to be meant for. */
  readonly issuer: string;
  /** URL of the token endpoint, which the proof has to be for. */
  readonly endpoint: string;
  readonly replayCache: ReplayCache;
  /** How long the replay cache may take, in seconds. */
  readonly timeoutSeconds: number;
  readonly clock: Clock;
}

/**
 * Returns the key that the attestation is to be bound to, once its owner has proven to have it (protocol §9), or `undefined`
 * when none was sent. The proof is burned.
 *
 * @throws {Refusal} when the proof is not valid here, or cannot be burned now.
 */
export async function confirmKey(
  { subjectToken, audience, confirmation }: ExchangeRequest,
  context: ConfirmContext,
  about: RefusalAbout,
): Promise<Ed25519PublicKey | undefined> {
  if (confirmation === undefined) return undefined;
  const { issuer, endpoint, replayCache, timeoutSeconds, clock } = context;
  let confirmed: Confirmation;
  try {
    confirmed = verifyConfirmation({
      proof: confirmation.proof,
      confirmationKey: parseKey(confirmation.key),
      token: subjectToken,
      audience: issuer,
      url: endpoint,
      request: { method: "token", params: { audience } },
      clock,
      clockSkewSeconds: CLOCK_SKEW_SECONDS,
    });
  } catch (cause) {
    if (!isAttestationError(cause) || cause.code !== AttestationErrorCode.INVALID_PROOF) throw cause;
    throw new Refusal("invalid_confirmation", "the confirmation proof is not valid", { ...about, cause });
  }
  let isFirst: boolean;
  try {
    const { id, until } = confirmed.use;
    isFirst = await withDeadline(
      Promise.resolve(replayCache.checkAndAdd(id, until)),
      timeoutSeconds,
      () => new Error(`the replay cache took longer than ${timeoutSeconds} seconds`),
    );
  } catch (cause) {
    throw new Refusal("replay_cache_unavailable", "the replay cache is unavailable", {
      ...about,
      cause,
      retryAfterSeconds: 1,
    });
  }
  if (isFirst !== true)
    throw new Refusal("invalid_confirmation", "the confirmation proof was used before", about);
  return confirmed.key;
}

/** Returns the key as it came; what is none is refused where the proof is verified. */
function parseKey(json: string): Ed25519PublicJwk {
  try {
    return JSON.parse(json);
  } catch {
    return undefined as never;
  }
}
