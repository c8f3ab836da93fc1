import { AttestationErrorCode } from "@attest/core";
import { type Attested, UNATTESTED, type Unattested } from "./attestation-context.js";

/** The caller of a session, and for an agent that is not attested, the reason. */
export type Caller =
  | { readonly context: Attested }
  | { readonly context: Unattested; readonly unattestedBecause: AttestationErrorCode };

/** Nobody, for all that is known. */
export const ANONYMOUS: Caller & { readonly context: Unattested } = {
  context: UNATTESTED,
  unattestedBecause: AttestationErrorCode.ATTESTATION_REQUIRED,
};
