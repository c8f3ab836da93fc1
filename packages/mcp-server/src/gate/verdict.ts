import { AttestationErrorCode, VerificationPolicy, type VerificationResult } from "@attest/core";
import { type Presented, withDeadline } from "@attest/core/internal";
import type { JSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { deepFreeze } from "../context/deep-freeze.js";
import type { GateSettings } from "./gate-options.js";
import type { RpcError } from "./messages.js";
import { readResult } from "./read-result.js";
import { INTERNAL_ERROR, refusal } from "./refusals.js";

/** What the verifier made of what a client presented. */
export interface Verdict {
  readonly wasPresented: boolean;
  /** `undefined`: the verifier failed, and nothing is known about the agent. */
  readonly result: VerificationResult | undefined;
  /** Why it failed. */
  readonly failure?: unknown;
}

/** Asks the verifier about what came with `request`. What the verifier throws is in the verdict. */
export async function judge(
  presented: Presented | undefined,
  request: JSONRPCRequest,
  { verifier, verificationTimeoutSeconds }: GateSettings,
): Promise<Verdict> {
  const wasPresented = presented !== undefined;
  const verify = async () => verifier.verify(presented?.token, { proof: presented?.proof, request });
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

/** Whether `policy` lets sessions in whose agent is not verified. One that is none does not. */
export function mayBeUnattested(policy: VerificationPolicy): boolean {
  return policy === VerificationPolicy.PREFERRED || policy === VerificationPolicy.OPTIONAL;
}

/** Why the session is refused; `undefined` when it may go on. */
export function refusalOf(
  { result }: Verdict,
  { verifier }: Pick<GateSettings, "verifier">,
): RpcError | undefined {
  if (result?.verified) return undefined;
  if (mayBeUnattested(verifier.policy) && result?.accepted !== false) return undefined;
  return result === undefined ? INTERNAL_ERROR : refusal(result.errorCode, verifier);
}

/**
 * Why a session that is `current`'s may not go on with the agent that a renewal speaks for; `undefined` when it
 * may. Whatever the policy: a renewal that fails is refused, and the session stays what it was.
 */
export function renewalRefusalOf(
  { result }: Verdict,
  { context: current }: Caller,
  { verifier }: Pick<GateSettings, "verifier">,
): RpcError | undefined {
  if (result === undefined) return INTERNAL_ERROR;
  if (!result.verified) return refusal(result.errorCode, verifier);
  const isSameAgent = result.issuer === current.issuer && result.subject === current.subject;
  return current.verified && !isSameAgent
    ? refusal(AttestationErrorCode.UNKNOWN_ISSUER, verifier)
    : undefined;
}

/** Who the session's calls come from. */
export function callerOf({ result, wasPresented }: Verdict): Caller {
  if (result?.verified) {
    const { trustLevel, issuer, subject, claims } = result;
    // Handlers share the session's identity, so none may change it. `raw` hangs on claims that are frozen.
    deepFreeze(claims.raw);
    const context = { verified: true, trustLevel, issuer, subject, claims, expiresAt: claims.exp } as const;
    return { context: Object.freeze(context) };
  }
  if (result === undefined || !wasPresented) return ANONYMOUS;
  return { ...ANONYMOUS, unattestedBecause: result.errorCode };
}
