import { decodeTextFromBase64url, membersOf, printable } from "@attest/core/internal";

/** The claims of a token that its bearer looks at. Nothing is verified: that is for the server. */
export interface UnverifiedClaims {
  /** The first 8 characters of the token's id. */
  readonly jti: string | null;
  readonly issuedAt: number | null;
  readonly expiresAt: number | null;
  /** The key that the token is bound to, as the member `x` of its JWK. */
  readonly boundTo: string | null;
}

/** Reads claims of a compact JWS; those which are not there, or of another type, are `null`. */
export function readUnverifiedClaims(token: string): UnverifiedClaims {
  const { jti, iat, exp, cnf } = payloadOf(token);
  const { x } = membersOf(membersOf(cnf)["jwk"]);
  return {
    jti: typeof jti === "string" ? printable(jti.slice(0, 8)) : null,
    issuedAt: numberOrNull(iat),
    expiresAt: numberOrNull(exp),
    boundTo: typeof x === "string" ? x : null,
  };
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const [, payload = ""] = token.split(".");
    return membersOf(JSON.parse(decodeTextFromBase64url(payload) ?? ""));
  } catch {
    return {};
  }
}

function numberOrNull(value: unknown): number | null {
  return Number.isFinite(value) ? (value as number) : null;
}
