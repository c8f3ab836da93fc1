import { causesOf } from "../causes.js";
import type { AttestationError } from "../errors.js";
import { AttestationErrorCode } from "../errors.js";
import type { TokenEvent } from "../events.js";
import { type AttestationObserver, notify } from "../observer.js";
import { VerificationPolicy } from "../policy.js";
import { printable } from "../printable.js";
import type { AttestationClaims } from "../token/claims.js";
import type { DecodedToken } from "../token/decode-token.js";
import { TrustLevel, trustLevelOf } from "../trust.js";
import type { VerificationResult } from "./result.js";

/** How the checks ended: every one passed, or one refused. */
export type Outcome =
  | { readonly decoded: DecodedToken; readonly failure?: undefined }
  | {
      readonly decoded?: DecodedToken | undefined;
      readonly failure: AttestationError;
      readonly failedCheck: string;
    };

/** Returns what the caller of `verify` is told. */
export function toResult(
  outcome: Outcome,
  { policy, clockSkewSeconds }: { readonly policy: VerificationPolicy; readonly clockSkewSeconds: number },
): VerificationResult {
  if (outcome.failure !== undefined) {
    const { decoded, failure, failedCheck } = outcome;
    return {
      verified: false,
      accepted: policy !== VerificationPolicy.REQUIRED,
      trustLevel: TrustLevel.NONE,
      issuer: decoded?.claims.iss ?? null,
      subject: decoded?.claims.sub ?? null,
      claims: null,
      error: failure.message,
      errorCode: failure.code,
      failedCheck,
      challenge: failure.challenge ?? null,
    };
  }
  const { claims } = outcome.decoded;
  return {
    verified: true,
    accepted: true,
    trustLevel: trustLevelOf(claims.attestationMetadata.attestationType),
    issuer: claims.iss,
    subject: claims.sub,
    claims,
    validUntil: claims.exp + clockSkewSeconds,
    error: null,
    errorCode: null,
    failedCheck: null,
  };
}

/** Tells the observer, with the detail that the peer is not given. */
export function reportOutcome(
  observer: AttestationObserver<TokenEvent>,
  outcome: Outcome,
  durationSeconds: number,
): void {
  if (outcome.failure === undefined) {
    const { claims } = outcome.decoded;
    const trustLevel = trustLevelOf(claims.attestationMetadata.attestationType);
    notify(observer, {
      type: "verified",
      ...whoIn(claims),
      ...aboutToken(claims),
      trustLevel,
      durationSeconds,
    });
    return;
  }
  const { decoded, failure, failedCheck } = outcome;
  const who = decoded && whoIn(decoded.claims);
  notify(observer, {
    type: "rejected",
    code: failure.code,
    check: failedCheck,
    detail: failure.detail === undefined ? null : printable(failure.detail),
    ...(who ? { ...who, ...aboutToken(decoded.claims) } : NOBODY),
    durationSeconds,
    ...(failure.cause === undefined ? {} : { cause: causesOf(failure.cause) }),
  });
  if (who && failure.code === AttestationErrorCode.REPLAY_DETECTED)
    notify(observer, { type: "replay", ...who });
}

const NOBODY = { issuer: null, subject: null, jti: null, model: null, audience: null } as const;

function aboutToken({ agentIdentity, aud }: AttestationClaims) {
  return { model: printable(agentIdentity.modelVersion), audience: aud.map(printable) };
}

function whoIn({ iss, sub, jti }: AttestationClaims) {
  return { issuer: printable(iss), subject: printable(sub), jti: jti.slice(0, 8) };
}
