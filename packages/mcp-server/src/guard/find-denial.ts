import { AttestationErrorCode } from "@attest/core";
import type { CurrentCall } from "../context/current-call.js";
import { AttestationDeniedError } from "./attestation-denied-error.js";
import type { CompiledRequirement } from "./requirement.js";

/** Why `call` may not do what needs `requirement`; `undefined` when it may. Never rejects. */
export async function findDenial(
  call: CurrentCall | undefined,
  requirement: CompiledRequirement,
): Promise<AttestationDeniedError | undefined> {
  const { ATTESTATION_REQUIRED, TOKEN_EXPIRED, INSUFFICIENT_TRUST } = AttestationErrorCode;
  if (call === undefined)
    return new AttestationDeniedError(ATTESTATION_REQUIRED, "called outside a request", undefined);
  const { caller, refusalData } = call;
  if ("unattestedBecause" in caller)
    return new AttestationDeniedError(caller.unattestedBecause, "the caller is not attested", refusalData);
  try {
    if (call.isExpired())
      return new AttestationDeniedError(TOKEN_EXPIRED, "the session's token has expired", refusalData);
    const reason = await requirement(caller.context);
    return reason === undefined
      ? undefined
      : new AttestationDeniedError(INSUFFICIENT_TRUST, reason, refusalData);
  } catch (cause) {
    const detail = "the guard's own check failed";
    return new AttestationDeniedError(INSUFFICIENT_TRUST, detail, refusalData, { cause });
  }
}
