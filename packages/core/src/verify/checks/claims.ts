import { PROTOCOL_CLAIMS } from "../../constants.js";
import { AttestationError, AttestationErrorCode } from "../../errors.js";
import { names } from "../../options/option-kinds.js";
import type { Option } from "../../options/read-options.js";
import { type Check, defineOwnCheck } from "../check.js";

/** Names of members of `AttestationClaims` that differ from the claim's name in a token. */
const ON_THE_WIRE: Readonly<Record<string, string>> = {
  agentIdentity: "agent_identity",
  agentIntegrity: "agent_integrity",
  attestationMetadata: "attestation_metadata",
};

/** Reads a list of claims by their names on the wire. */
export const requiredClaimsOption: Option<readonly string[]> = (value, option) => {
  const required = names([])(value, option);
  const ours = required.find((name) => Object.hasOwn(ON_THE_WIRE, name));
  if (ours !== undefined) {
    throw new TypeError(
      `${option} takes names as they are on the wire: "${ON_THE_WIRE[ours]}" instead of "${ours}"`,
    );
  }
  return [...new Set(required)];
};

/**
 * Rejects a token without the claims that this server needs beyond those that every token carries, 1007.
 *
 * @param claims the claims' names on the wire, such as `agent_integrity`
 */
export function requiredClaims(claims: readonly string[] = []): Check {
  const required = requiredClaimsOption(claims, "requiredClaims");
  return defineOwnCheck(
    "claims",
    ({ claims: { raw } }) => {
      const missing = required.filter((name) => !Object.hasOwn(raw, name) || raw[name] === null);
      if (missing.length > 0) {
        throw new AttestationError(AttestationErrorCode.MISSING_CLAIMS, `missing: ${missing.join(", ")}`);
      }
    },
    {
      advertises: { requiredClaims: [...new Set([...PROTOCOL_CLAIMS, ...required])] },
      reads: { requiredClaims: claims },
    },
  );
}
