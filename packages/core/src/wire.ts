/**
 * `@attest/core/wire`: where attestation rides in MCP's messages, for gateways, conformance kits and other SDKs. The
 * types are structural; no MCP SDK is needed.
 */
export {
  type Evidence,
  MALFORMED_EVIDENCE,
  readEvidence,
  writeCapability,
  writeEvidence,
} from "./wire/evidence.js";
export {
  answeredId,
  asObject,
  cancelledId,
  type ErrorMessage,
  errorResponse,
  isIdTooLong,
  isMessage,
  isRequest,
  isRequestId,
  isResult,
  type JsonObject,
  MAX_ID_LENGTH,
  type Message,
  type NotificationMessage,
  type RequestId,
  type RequestMessage,
  type ResultMessage,
  type RpcError,
} from "./wire/json-rpc.js";
export { evidenceIn, statusIn, withEvidence, withoutEvidence, withStatus } from "./wire/placement.js";
export { type Refusal, readRefusal, writeRefusal, writeRefusalData } from "./wire/refusal.js";
export { type Requirements, readRequirements, writeRequirements } from "./wire/requirements.js";
export { type AttestationStatus, readStatus, VerificationStatus, writeStatus } from "./wire/server-status.js";
