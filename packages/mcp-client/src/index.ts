export { adviceFor } from "./errors/advice.js";
export { AttestationRejectedError } from "./errors/attestation-rejected-error.js";
export { UnverifiedServerError } from "./errors/unverified-server-error.js";
export type { ClientEvent } from "./events.js";
export type { Confirm, ConfirmOptions } from "./evidence/confirm.js";
export type { ProofKey } from "./evidence/proof-key.js";
export type {
  GetToken,
  LocalTokenSource,
  RemoteTokenSource,
  TokenRequest,
  TokenSource,
} from "./evidence/token-source.js";
export { attestTransport } from "./transport/attest-transport.js";
export type { TransportLike } from "./transport/transport-like.js";
export { AttestingClientSession, type SilentStatus } from "./v1/attesting-client-session.js";
export { type CreateAttestingSessionOptions, createAttestingSession } from "./v1/create-attesting-session.js";

/** Whether the MCP SDK is there: this entry needs it. `@attest/mcp-client/available` tells without it. */
export const MCP_AVAILABLE: boolean = true;
