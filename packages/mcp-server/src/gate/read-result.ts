import { AttestationErrorCode, type VerificationResult } from "@attest/core";

const CODES: ReadonlySet<unknown> = new Set(Object.values(AttestationErrorCode));

/**
 * A verifier's answer, checked: anybody can write a verifier, and what is no {@link VerificationResult} must not
 * let anybody in.
 *
 * @throws {TypeError} when the answer is none.
 */
export function readResult(answer: unknown): VerificationResult {
  const result = (answer ?? {}) as Readonly<Record<keyof VerificationResult, unknown>>;
  const isResult = result.verified === true ? isVerified(result) : isNotVerified(result);
  if (!isResult) throw new TypeError("the verifier's answer is not a VerificationResult");
  return answer as VerificationResult;
}

function isVerified(result: Readonly<Record<keyof VerificationResult, unknown>>): boolean {
  const claims = result.claims as
    | { readonly exp?: unknown; readonly jti?: unknown; readonly raw?: unknown }
    | null
    | undefined;
  return (
    (result.trustLevel === "provider" || result.trustLevel === "enterprise") &&
    typeof result.issuer === "string" &&
    typeof result.subject === "string" &&
    Number.isFinite(claims?.exp) &&
    typeof claims?.jti === "string" &&
    typeof claims.raw === "object" &&
    claims.raw !== null
  );
}

function isNotVerified(result: Readonly<Record<keyof VerificationResult, unknown>>): boolean {
  return (
    result.verified === false &&
    typeof result.accepted === "boolean" &&
    typeof result.error === "string" &&
    CODES.has(result.errorCode)
  );
}
