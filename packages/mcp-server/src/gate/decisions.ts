import {
  AttestationError,
  AttestationErrorCode,
  VerificationPolicy,
  type VerificationResult,
  type Verifier,
} from "@attest/core";
import { type RpcError, writeRefusal } from "@attest/core/wire";
import { agentKeyOf } from "../context/agent-key.js";
import { ANONYMOUS, type Caller } from "../context/caller.js";
import { deepFreeze } from "../context/deep-freeze.js";
import { INTERNAL_ERROR, refusal, requirementsOf } from "./refusals.js";
import type { Verdict } from "./verdict.js";

/** Decision about an agent that presented evidence, or none. */
export type Decision =
  | { readonly kind: "admit"; readonly caller: Caller }
  | {
      readonly kind: "refuse";
      readonly error: RpcError;
      readonly denial?: AttestationError;
      /** Whether the same request with a proof that carries the error's nonce may pass. */
      readonly isChallenge?: boolean;
    };

/** Whether `policy` admits sessions without a verified agent. An unknown policy admits none. */
export function mayBeUnattested(policy: VerificationPolicy): boolean {
  return policy === VerificationPolicy.PREFERRED || policy === VerificationPolicy.OPTIONAL;
}

/**
 * Decides whether a session begins, and whose it is; or whether a request that stands alone is served, and for whom. An
 * agent whose proof lacks a nonce is told one under every policy: it can be attested.
 *
 * @param standsAlone whether it is a request of a server where each stands alone
 */
export function decideHandshake(verdict: Verdict, verifier: Verifier, standsAlone = false): Decision {
  const { result } = verdict;
  const isAdmitted =
    result?.verified ||
    (mayBeUnattested(verifier.policy) && result?.accepted !== false && !result?.challenge);
  return isAdmitted
    ? { kind: "admit", caller: callerOf(verdict) }
    : refused(result, verifier, standsAlone ? { standsAlone } : {});
}

/**
 * Decides whether a session that is `current`'s goes on with the agent that a renewal speaks for. Whatever the policy:
 * a renewal that fails is refused, and the session stays as it was.
 */
export function decideRenewal(current: Caller, verdict: Verdict, verifier: Verifier): Decision {
  const { result } = verdict;
  if (!result?.verified) return refused(result, verifier, { detail: "the renewal failed" });
  if (current.context.verified && agentKeyOf(current.context) !== agentKeyOf(result)) {
    const code = AttestationErrorCode.UNKNOWN_ISSUER;
    const detail = "the renewal speaks of another agent than the session's";
    return { kind: "refuse", error: refusal(code, verifier), denial: new AttestationError(code, detail) };
  }
  return { kind: "admit", caller: callerOf(verdict) };
}

function refused(
  result: VerificationResult | undefined,
  verifier: Verifier,
  { detail, standsAlone }: { readonly detail?: string; readonly standsAlone?: boolean },
): Decision {
  // Nothing is known about the agent when the verifier itself failed.
  if (result === undefined || result.verified) return { kind: "refuse", error: INTERNAL_ERROR };
  const { errorCode, challenge } = result;
  const error = writeRefusal(errorCode, requirementsOf(verifier, standsAlone), challenge?.nonce);
  const decision = { kind: "refuse", error, isChallenge: Boolean(challenge) } as const;
  return detail === undefined ? decision : { ...decision, denial: new AttestationError(errorCode, detail) };
}

function callerOf({ result, wasPresented }: Verdict): Caller {
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
