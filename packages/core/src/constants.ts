/** The version of the attestation extension that this package speaks, as carried by tokens and handshakes. */
export const ATTESTATION_VERSION = "0.1.0";

/** The key under which attestation travels in MCP's `experimental` capabilities and in `_meta`. */
export const ATTESTATION_CAPABILITY_KEY = "security.attestation";

/** The JWS algorithms a token may be signed with: the classic name and the fully specified one (RFC 9864 §2.2). */
export const SUPPORTED_ALGORITHMS = ["EdDSA", "Ed25519"] as const;
export type SignatureAlgorithm = (typeof SUPPORTED_ALGORITHMS)[number];

/** The claims that every attestation token carries, by their names on the wire. */
export const PROTOCOL_CLAIMS: readonly string[] = [
  "iss",
  "sub",
  "aud",
  "iat",
  "exp",
  "jti",
  "agent_identity",
  "attestation_metadata",
];
