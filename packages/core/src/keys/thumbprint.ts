import { sha256Base64url } from "../encoding/sha256.js";

/** Returns the JWK thumbprint of the Ed25519 key `x`, in base64url (RFC 7638 §3, RFC 8037 §2). */
export function thumbprintOf(x: string): string {
  return sha256Base64url(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`);
}
