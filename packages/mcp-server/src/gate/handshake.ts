import {
  ATTESTATION_CAPABILITY_KEY,
  ATTESTATION_VERSION,
  VerificationStatus,
  type Verifier,
} from "@attest/core";
import { type Presented, readPresented, serverCapability } from "@attest/core/internal";
import type { JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import type { ResultResponse } from "./messages.js";
import type { Verdict } from "./verdict.js";

/*
 * How attestation rides in MCP's `initialize`: read from the request, taken out of it, put into the answer.
 */

/** What the client presents in `initialize`; `undefined` when nothing. */
export function presentedAtInitialize(initialize: JSONRPCRequest): Presented | undefined {
  return readPresented(experimentalIn(initialize)?.[ATTESTATION_CAPABILITY_KEY]);
}

/** The same `initialize` without the attestation: the server's own code never sees a token. */
export function withoutAttestation(initialize: JSONRPCRequest): JSONRPCRequest {
  const experimental = experimentalIn(initialize);
  if (experimental === undefined || !Object.hasOwn(experimental, ATTESTATION_CAPABILITY_KEY))
    return initialize;
  const { [ATTESTATION_CAPABILITY_KEY]: _, ...otherExperimental } = experimental;
  const { experimental: __, ...otherCapabilities } = asObject(initialize.params?.["capabilities"]) ?? {};
  const capabilities =
    Object.keys(otherExperimental).length === 0
      ? otherCapabilities
      : { ...otherCapabilities, experimental: otherExperimental };
  return { ...initialize, params: { ...initialize.params, capabilities } };
}

/** The server's answer to `initialize`, with what became of the attestation. */
export function withVerdict(answer: ResultResponse, verifier: Verifier, verdict: Verdict): ResultResponse {
  const capabilities = asObject(answer.result["capabilities"]) ?? {};
  const experimental = asObject(capabilities["experimental"]) ?? {};
  const capability = serverCapability({
    version: ATTESTATION_VERSION,
    policy: verifier.policy,
    trustedIssuers: verifier.trustedIssuers,
    requiredClaims: verifier.requiredClaims,
    ...summaryOf(verdict),
  });
  return {
    ...answer,
    result: {
      ...answer.result,
      capabilities: {
        ...capabilities,
        experimental: { ...experimental, [ATTESTATION_CAPABILITY_KEY]: capability },
      },
    },
  };
}

function summaryOf({ result, wasPresented }: Verdict) {
  if (result?.verified) {
    return {
      verificationStatus: VerificationStatus.VERIFIED,
      trustLevel: result.trustLevel,
      verifiedClaims: Object.keys(result.claims.raw),
    };
  }
  const unverified = { trustLevel: "none", verifiedClaims: [] } as const;
  if (!wasPresented) return { verificationStatus: VerificationStatus.NOT_PROVIDED, ...unverified };
  const why = result === undefined ? {} : { error: result.error, errorCode: result.errorCode };
  return { verificationStatus: VerificationStatus.FAILED, ...unverified, ...why };
}

function experimentalIn(initialize: JSONRPCRequest): Readonly<Record<string, unknown>> | undefined {
  return asObject(asObject(initialize.params?.["capabilities"])?.["experimental"]);
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
