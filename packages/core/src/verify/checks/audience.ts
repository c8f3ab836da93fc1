import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { assertOptions } from "../../options/read-options.js";
import { kindOf, printable } from "../../printable.js";
import { type Check, defineOwnCheck } from "../check.js";
import { OPTION_NAMES } from "../option-names.js";

export interface AudienceOptions {
  /** The name, or names, under which tokens may be meant for this server. `undefined`: any audience passes. */
  readonly audience: string | readonly string[] | undefined;
}

/** Rejects a token that is meant for somebody else (RFC 7519 §4.1.3). */
export function audience(options: AudienceOptions): Check {
  assertOptions("audience", options, OPTION_NAMES);
  const { audience } = options;
  const names = typeof audience === "string" ? [audience] : audience;
  if (names !== undefined && !areNames(names)) {
    throw new TypeError(`audience must be a non-empty string or a list of them, got ${kindOf(audience)}`);
  }
  const own = names && new Set(names);
  return defineOwnCheck("audience", ({ claims }) => {
    if (own !== undefined && !claims.aud.some((name) => own.has(name))) {
      throw new AttestationError(
        AttestationErrorCode.INVALID_AUDIENCE,
        `meant for ${claims.aud.map(printable).join(", ")}`,
      );
    }
  });
}

function areNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string" && name !== "")
  );
}
