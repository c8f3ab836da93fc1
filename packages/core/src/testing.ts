export { FixedClock } from "./testing/fixed-clock.js";
export { type ForgedToken, forgeToken, type TokenSegment } from "./testing/forge-token.js";
export {
  type ReplayCacheHarness,
  type ReplayCacheRule,
  replayCacheContract,
} from "./testing/replay-cache-contract.js";
export { TestIssuer, type TestIssuerOptions, type TestTokenOptions } from "./testing/test-issuer.js";
