export { createIssuer, type Issuer } from "./create-issuer.js";
export type { IssuerEvent } from "./events.js";
export { type ExplainOptions, type Explanation, explain } from "./explain.js";
export type { IssuerOptions, PublishingSigner } from "./issuer-options.js";
export { readTrustPolicy } from "./policy/read-trust-policy.js";
export type { TrustPolicy } from "./policy/trust-policy.js";
export { TrustPolicyError } from "./policy/trust-policy-error.js";
