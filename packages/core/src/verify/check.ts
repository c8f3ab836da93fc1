import type { DecodedProof } from "../proof/parse-proof.js";
import type { ProofDemands } from "../proof/proof-demands.js";
import type { DecodedToken } from "../token/decode-token.js";
import type { Presentation } from "./presentation.js";

/** The view of a check: one token, well formed, with what came with it. */
export interface VerificationContext extends DecodedToken {
  /** The token as it was presented. */
  readonly token: string;
  readonly presentation: Presentation;
  /** base64url SHA-256 of a bound token, as it was presented. A proof names its token by it. */
  readonly tokenHash?: string | undefined;
  /** The proof that came with a bound token, taken apart. Nothing in it is verified before the check `proof`. */
  readonly proof?: DecodedProof | undefined;
  /** When verification began, in seconds since the Unix epoch: the same for every check. */
  readonly now: number;
  /** How far the issuer's clock and this one may lie apart, in seconds: the same for every check. */
  readonly clockSkewSeconds: number;
}

/** Demands of a check that every client is told before it asks for a token. */
export interface CheckAdvertisement {
  readonly trustedIssuers?: readonly string[];
  readonly requiredClaims?: readonly string[];
  readonly audience?: readonly string[];
  readonly proof?: ProofDemands;
}

/** One rule that a token must pass. */
export interface Check {
  /** How the check is named in `failedCheck`, and how lists of checks are edited. */
  readonly name: string;
  /**
   * Returns, or resolves, when the token passes. Throws an `AttestationError` to refuse it; whatever else it
   * throws is a bug or an outage and comes out of `verify` as it is.
   */
  readonly run: (context: VerificationContext) => void | Promise<void>;
  readonly advertises?: CheckAdvertisement;
}

/** Returns a check from its name and its rule. @throws {TypeError} when either is missing. */
export function defineCheck(
  name: string,
  run: (context: VerificationContext) => void | Promise<void>,
  advertises: CheckAdvertisement = {},
): Check {
  if (typeof name !== "string" || name === "") throw new TypeError("a check needs a name");
  if (typeof run !== "function") throw new TypeError(`the check "${name}" must be a function of the context`);
  return Object.freeze({ name, run, advertises });
}

/** The options that a check of this package was made from, by name, as they were given. */
type OptionsRead = Readonly<Record<string, unknown>>;

const own = new WeakMap<Check, OptionsRead>();

/** Returns a check of this package's own: it leaves the context as it is, and tells which options it was made from. */
export function defineOwnCheck(
  name: string,
  run: (context: VerificationContext) => void | Promise<void>,
  { advertises, reads = {} }: { readonly advertises?: CheckAdvertisement; readonly reads?: OptionsRead } = {},
): Check {
  const check = defineCheck(name, run, advertises);
  own.set(check, reads);
  return check;
}

/** Whether `check` is one of this package's own. */
export function isOwnCheck(check: Check): boolean {
  return own.has(check);
}

/** Returns the option `name` that a check of this package was made from; `undefined` where it was made from none. */
export function readBy(check: Check, name: string): unknown {
  return own.get(check)?.[name];
}

/** Whether `check` was made from the option `name` with this very value. */
export function wasMadeFrom(check: Check, name: string, value: unknown): boolean {
  const reads = own.get(check);
  return reads !== undefined && Object.hasOwn(reads, name) && reads[name] === value;
}
