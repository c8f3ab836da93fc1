import { compactVerify } from "jose";
import type { PlatformKey } from "../platforms/platform-key.js";

/**
 * Verifies the signature of a compact JWS with one key (RFC 7515 §5.2).
 *
 * @throws {Error} saying why it does not verify: a wrong signature, or a key of another kind than the token's algorithm.
 */
export async function verifySignature(token: string, { jwk, algorithms }: PlatformKey): Promise<void> {
  await compactVerify(token, jwk, { algorithms: [...algorithms] });
}
