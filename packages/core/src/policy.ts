/** Treatment of a connection whose agent is not attested. */
export const VerificationPolicy = {
  /** Refuse it. */
  REQUIRED: "required",
  /** Accept it, and record that the attestation is missing or invalid. */
  PREFERRED: "preferred",
  /** Accept it. */
  OPTIONAL: "optional",
} as const;
export type VerificationPolicy = (typeof VerificationPolicy)[keyof typeof VerificationPolicy];
