/** A server's demand for proofs of possession: of which tokens, and how often (protocol §6). */
export const ProofPolicy = {
  /** Bound tokens need a proof; tokens that are not bound are accepted, once each. */
  WHEN_BOUND: "when-bound",
  /** Every token has to be bound, and needs a proof. */
  ALWAYS: "always",
  /** As `always`, and every request but `ping` carries a token and a proof of its own: a session id proves nothing. */
  EACH_REQUEST: "each-request",
} as const;
export type ProofPolicy = (typeof ProofPolicy)[keyof typeof ProofPolicy];
