import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { areNames } from "../../options/option-kinds.js";
import { type Option, type OptionsSpec, readOptions, stated } from "../../options/read-options.js";
import { kindOf, printable } from "../../printable.js";
import { type Check, defineOwnCheck } from "../check.js";

export interface AudienceOptions {
  /**
   * The name, or names, under which tokens may be meant for this server (RFC 7519 §4.1.3). `null` accepts tokens that
   * are meant for any server.
   */
  readonly audience: string | readonly string[] | null;
}

/** Reads the audience as a list of names; `null` for any. */
export const audienceOption: Option<readonly string[] | null> = (value, name) => {
  if (value === null) return null;
  const names = typeof value === "string" ? [value] : value;
  if (areNames(names) && names.length > 0) return [...names];
  throw new TypeError(
    `${name} must be a non-empty string, a list of them, or null for any, got ${kindOf(value)}`,
  );
};

/** Readers of {@link AudienceOptions}. */
const AUDIENCE_OPTIONS: OptionsSpec<{ audience: readonly string[] | null }> = {
  audience: stated(audienceOption),
};

/** Passes tokens for any server, where the options say nothing of an audience: gates warn of it. */
export function unstatedAudience(): Check {
  return defineOwnCheck("audience", () => {});
}

/** Rejects a token that is meant for another server, 1005 (RFC 7519 §4.1.3). */
export function audience(options: AudienceOptions): Check {
  const { audience: names } = readOptions("audience", options, AUDIENCE_OPTIONS);
  const own = names && new Set(names);
  return defineOwnCheck(
    "audience",
    ({ claims }) => {
      if (own !== null && !claims.aud.some((name) => own.has(name))) {
        throw new AttestationError(
          AttestationErrorCode.INVALID_AUDIENCE,
          `meant for ${claims.aud.map(printable).join(", ")}`,
        );
      }
    },
    { advertises: names === null ? {} : { audience: names }, reads: { audience: options.audience } },
  );
}
