import { AttestationErrorCode } from "@attest/core";
import type { Attested } from "../context/attestation-context.js";
import type { CurrentCall } from "../context/current-call.js";
import { AttestationDeniedError } from "./attestation-denied-error.js";
import type { CompiledRequirement } from "./requirement.js";

/**
 * Returns why `call` may not do what needs all of `requirements`; `undefined` when it may. Then `proceed` has been called,
 * in the very step in which the call was last found to be vouched for: behind an `await` its session may have ended.
 * Rejects only with what `proceed` throws.
 */
export async function findDenial(
  call: CurrentCall | undefined,
  requirements: readonly CompiledRequirement[],
  proceed: () => void = () => undefined,
): Promise<AttestationDeniedError | undefined> {
  const { ATTESTATION_REQUIRED } = AttestationErrorCode;
  if (call === undefined)
    return new AttestationDeniedError(ATTESTATION_REQUIRED, "called outside a request", undefined);
  const { caller, refusalData } = call;
  if ("unattestedBecause" in caller)
    return new AttestationDeniedError(
      caller.unattestedBecause,
      "the caller is not attested",
      refusalData(caller.unattestedBecause),
    );
  // A check may take its time: meanwhile the token may expire, and the session end.
  let denial = expiryOf(call);
  for (const requirement of requirements) {
    denial ??= (await shortfallOf(caller.context, requirement, refusalData)) ?? expiryOf(call);
  }
  if (denial === undefined) proceed();
  return denial;
}

/** Returns the denial of a call whose caller nobody vouches for any more; `undefined` when somebody does. */
function expiryOf(call: CurrentCall): AttestationDeniedError | undefined {
  if (!call.isExpired()) return undefined;
  const { TOKEN_EXPIRED } = AttestationErrorCode;
  return new AttestationDeniedError(
    TOKEN_EXPIRED,
    "the session's token has expired",
    call.refusalData(TOKEN_EXPIRED),
  );
}

/** Returns the denial of an agent that does not meet `requirement`, or of which that cannot be told. */
async function shortfallOf(
  agent: Attested,
  requirement: CompiledRequirement,
  refusalData: CurrentCall["refusalData"],
): Promise<AttestationDeniedError | undefined> {
  const { INSUFFICIENT_TRUST } = AttestationErrorCode;
  try {
    const reason = await requirement(agent);
    return reason === undefined
      ? undefined
      : new AttestationDeniedError(INSUFFICIENT_TRUST, reason, refusalData(INSUFFICIENT_TRUST));
  } catch (cause) {
    const detail = "the requirement's check failed";
    return new AttestationDeniedError(INSUFFICIENT_TRUST, detail, refusalData(INSUFFICIENT_TRUST), { cause });
  }
}
