import { namesIn } from "../options/read-options.js";
import { type Check, wasMadeFrom } from "./check.js";

/** By which function each option of a check is read. */
const READERS: Readonly<Record<string, string>> = {
  trustedIssuers: "issuer",
  keyResolver: "signature",
  keyTimeoutSeconds: "signature",
  maxLifetimeSeconds: "lifetime",
  audience: "audience",
  requiredClaims: "requiredClaims",
  replayCache: "replay",
  cacheTimeoutSeconds: "replay",
  requireProof: "proofOfPossession",
  endpoints: "proofOfPossession",
  challenge: "proofOfPossession",
  bindUser: "proofOfPossession",
  maxRememberedTokens: "signature",
  checks: "defaultChecks",
};

/** Options that may be left out, and not be `undefined`. */
const STATED: ReadonlySet<string> = new Set([
  "audience",
  "requiredClaims",
  "requireProof",
  "endpoints",
  "challenge",
  "bindUser",
]);

/** The names of the options that checks read, not the verifier around them. */
export const CHECK_OPTION_NAMES: readonly string[] = Object.keys(READERS);

/**
 * Refuses an option of a check that no check in the list was made from: it would switch nothing on. One object of
 * options can so serve `defaultChecks` and `composeVerifier` both.
 *
 * @throws {TypeError} naming the option, and the function that it belongs to.
 */
export function refuseMisplacedOptions(options: object, checks: readonly Check[]): void {
  for (const name of namesIn(options)) {
    const reader = READERS[name];
    if (reader === undefined || isRead(name, (options as Readonly<Record<string, unknown>>)[name], checks))
      continue;
    throw new TypeError(
      `composeVerifier: no check in the list was made with this "${name}"; it belongs to ${reader}({ ${name} })`,
    );
  }
}

function isRead(name: string, value: unknown, checks: readonly Check[]): boolean {
  if (name === "checks") return Array.isArray(value) && value.every((check) => checks.includes(check));
  // Where leaving out is weaker than a value could be, `undefined` is a mistake, such as a variable that is not set.
  if (value === undefined) return !STATED.has(name);
  // `null` leaves the check for replays out.
  if (name === "replayCache" && value === null) return !checks.some((check) => check.name === "replay");
  return checks.some((check) => wasMadeFrom(check, name, value));
}
