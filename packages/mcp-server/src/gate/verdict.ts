import {
  ATTESTATION_VERSION,
  type VerificationResult,
  VerificationStatus,
  type Verifier,
} from "@attest/core";
import { withDeadline } from "@attest/core/internal";
import type { AttestationStatus, Evidence, RequestMessage } from "@attest/core/wire";
import type { GateSettings } from "./gate-options.js";
import { readResult } from "./read-result.js";
import { requirementsOf } from "./refusals.js";

/** The verifier's answer about what a client presented. */
export interface Verdict {
  readonly wasPresented: boolean;
  /** `undefined`: the verifier failed, and nothing is known about the agent. */
  readonly result: VerificationResult | undefined;
  /** The verifier's failure. */
  readonly failure?: unknown;
}

/**
 * Asks the verifier about the evidence that came with `request`. What the verifier throws is in the verdict.
 *
 * @param accessToken the OAuth access token that came with the request, as the host has validated it
 */
export async function judge(
  evidence: Evidence | undefined,
  request: Pick<RequestMessage, "method" | "params">,
  { verifier, verificationTimeoutSeconds }: Pick<GateSettings, "verifier" | "verificationTimeoutSeconds">,
  accessToken?: string,
): Promise<Verdict> {
  const wasPresented = evidence !== undefined;
  const { method, params } = request;
  const presentation = { proof: evidence?.proof, request: { method, params }, accessToken };
  const verify = async () => verifier.verify(evidence?.token, presentation);
  try {
    const answer = await withDeadline(
      verify(),
      verificationTimeoutSeconds,
      () => new Error(`no answer within ${verificationTimeoutSeconds} seconds`),
    );
    return { wasPresented, result: readResult(answer) };
  } catch (failure) {
    return { wasPresented, result: undefined, failure };
  }
}

/**
 * Returns what the answer to `initialize` says about attestation (protocol §4).
 *
 * @param standsAlone whether each request of this server stands alone
 */
export function statusOf(
  { result, wasPresented }: Verdict,
  verifier: Verifier,
  standsAlone = false,
): AttestationStatus {
  const { audience: _, ...requirements } = requirementsOf(verifier, standsAlone);
  const nonce = verifier.proof?.challenge?.current();
  const said = { version: ATTESTATION_VERSION, ...requirements, nonce };
  if (result?.verified) {
    return {
      ...said,
      verificationStatus: VerificationStatus.VERIFIED,
      trustLevel: result.trustLevel,
      verifiedClaims: Object.keys(result.claims.raw),
    };
  }
  const unverified = { ...said, trustLevel: "none", verifiedClaims: [] } as const;
  if (!wasPresented) return { ...unverified, verificationStatus: VerificationStatus.NOT_PROVIDED };
  const reason = result === undefined ? {} : { error: result.error, errorCode: result.errorCode };
  return { ...unverified, verificationStatus: VerificationStatus.FAILED, ...reason };
}
