/** How far a workload got: the one line that it writes. */
export type Report =
  | { readonly outcome: "got in"; readonly trustLevel: string; readonly token: string }
  /** The issuer gave it no attestation. */
  | { readonly outcome: "no token"; readonly error: string }
  /** The server refused the attestation, or its absence. */
  | { readonly outcome: "refused"; readonly code: number };
