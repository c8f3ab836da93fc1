/*
 * SHA-256 (FIPS 180-4), by the runtime's own code where it has a synchronous one.
 */
export { sha256Base64url } from "#sha256";
