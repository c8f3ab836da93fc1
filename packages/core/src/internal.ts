/**
 * Parts that the packages of this family share, and that users do not need. Nothing here is covered by the
 * version number; the packages are released together when it changes.
 */
export { recogniseByBrand } from "./brand.js";
export { causesOf } from "./causes.js";
export { withDeadline } from "./deadline.js";
export { decodeTextFromBase64url } from "./encoding/base64url.js";
export { bytesOf } from "./encoding/bytes.js";
export { notify } from "./observer.js";
export { closest } from "./options/misspelling.js";
export {
  areNames,
  callback,
  clock,
  count,
  flag,
  having,
  MAX_TIMER_SECONDS,
  membersOf,
  names,
  nullable,
  observer,
  oneOf,
  optional,
  seconds,
  text,
} from "./options/option-kinds.js";
export {
  assertOptions,
  namesIn,
  type Option,
  type OptionsSpec,
  readOptions,
  type SettingsOf,
  stated,
} from "./options/read-options.js";
export { kindOf, printable } from "./printable.js";
export { proofUrl } from "./proof/proof-url.js";
export { type ProofSettings, signProof } from "./proof/sign-proof.js";
export { assertSeconds } from "./seconds.js";
export { keepsReplaysLocally } from "./verify/local-replays.js";
