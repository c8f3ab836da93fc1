export { FixedClock } from "./testing/fixed-clock.js";
export {
  type ReplayCacheHarness,
  type ReplayCacheRule,
  replayCacheContract,
} from "./testing/replay-cache-contract.js";
