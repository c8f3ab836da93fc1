import { AttestationErrorCode } from "@attest/core";
import type { CurrentCall } from "../context/current-call.js";
import { AttestationDeniedError } from "./attestation-denied-error.js";
import type { CompiledRequirement } from "./requirement.js";

/** Why `call` may not do what needs `requirement`; `undefined` when it may. Never rejects. */
export async function findDenial(
  call: CurrentCall | undefined,
  requirement: CompiledRequirement,
): Promise<AttestationDeniedError | undefined> {
  const { ATTESTATION_REQUIRED, INSUFFICIENT_TRUST } = AttestationErrorCode;
  if (call === undefined)
    return new AttestationDeniedError(ATTESTATION_REQUIRED, "called outside a request", undefined);
  const { caller, refusalData } = call;
  if ("unattestedBecause" in caller)
    return new AttestationDeniedError(
      caller.unattestedBecause,
      "the caller is not attested",
      refusalData(caller.unattestedBecause),
    );
  try {
    const expired = expiryOf(call);
    if (expired) return expired;
    const reason = await requirement(caller.context);
    return reason === undefined
      ? undefined
      : new AttestationDeniedError(INSUFFICIENT_TRUST, reason, refusalData(INSUFFICIENT_TRUST));
  } catch (cause) {
    const detail = "the guard's own check failed";
    return new AttestationDeniedError(INSUFFICIENT_TRUST, detail, refusalData(INSUFFICIENT_TRUST), { cause });
  }
}

/** The denial of a call whose caller nobody vouches for any more; `undefined` when somebody does. */
export function expiryOf(call: CurrentCall | undefined): AttestationDeniedError | undefined {
  if (!call?.isExpired()) return undefined;
  const { TOKEN_EXPIRED } = AttestationErrorCode;
  return new AttestationDeniedError(
    TOKEN_EXPIRED,
    "the session's token has expired",
    call.refusalData(TOKEN_EXPIRED),
  );
}
