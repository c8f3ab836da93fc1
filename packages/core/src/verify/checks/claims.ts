import { PROTOCOL_CLAIMS } from "../../constants.js";
import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { kindOf } from "../../printable.js";
import { type Check, defineOwnCheck } from "../check.js";

/** Names of ours, that no token has. */
const ON_THE_WIRE: Readonly<Record<string, string>> = {
  agentIdentity: "agent_identity",
  agentIntegrity: "agent_integrity",
  attestationMetadata: "attestation_metadata",
};

/**
 * Rejects a token without the claims that this server needs, beyond those that every token carries.
 *
 * @param names the claims' names on the wire, such as `agent_integrity`
 */
export function requiredClaims(names: readonly string[] = []): Check {
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new TypeError(`requiredClaims must be a list of claim names, got ${kindOf(names)}`);
  }
  const ours = names.find((name) => Object.hasOwn(ON_THE_WIRE, name));
  if (ours !== undefined) {
    throw new TypeError(
      `requiredClaims takes names as they are on the wire: "${ON_THE_WIRE[ours]}" instead of "${ours}"`,
    );
  }
  const required: readonly string[] = [...new Set(names)];
  return defineOwnCheck(
    "claims",
    ({ claims: { raw } }) => {
      const missing = required.filter((name) => !Object.hasOwn(raw, name) || raw[name] === null);
      if (missing.length > 0) {
        throw new AttestationError(AttestationErrorCode.MISSING_CLAIMS, `missing: ${missing.join(", ")}`);
      }
    },
    { requiredClaims: [...new Set([...PROTOCOL_CLAIMS, ...required])] },
  );
}
