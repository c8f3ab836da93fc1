export { MCP_AVAILABLE } from "./available.js";
export type { AttestationContext, Attested, Unattested } from "./context/attestation-context.js";
export { attestationOf } from "./context/call-of-extra.js";
export { currentAttestation } from "./context/current-call.js";
export type { CallOutcome, GateEvent } from "./events.js";
export { type GateOptions, SessionLifetime } from "./gate/gate-options.js";
export { AttestationDeniedError } from "./guard/attestation-denied-error.js";
export { requireAttestation } from "./guard/require-attestation.js";
export type { AttestationRequirement, CheckVerdict } from "./guard/requirement.js";
export type { OneOrMore } from "./guard/requirement-kinds.js";
export type { AttestationRules } from "./guard/rule-table.js";
export { attestServer, type ConnectableServer } from "./v1/attest-server.js";
export {
  AttestingServer,
  type AttestingServerOptions,
  type CreateAttestingServerOptions,
  createAttestingServer,
} from "./v1/attesting-server.js";
export { type BindTasksOptions, bindTasks } from "./v1/bind-tasks.js";
