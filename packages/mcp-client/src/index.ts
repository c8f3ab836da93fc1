export { attestTransport } from "./attest-transport.js";
export { AttestationRejectedError } from "./attestation-rejected-error.js";
export { AttestingClientSession, type SilentStatus } from "./attesting-client-session.js";
export { type CreateAttestingSessionOptions, createAttestingSession } from "./create-attesting-session.js";
export { MCP_AVAILABLE } from "./sdk.js";
export type {
  GetToken,
  LocalTokenSource,
  RemoteTokenSource,
  TokenRequest,
  TokenSource,
} from "./token-source.js";
export { UnverifiedServerError } from "./unverified-server-error.js";
