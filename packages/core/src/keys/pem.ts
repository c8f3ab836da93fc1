import { decodeBase64url, encodeBase64url } from "../encoding/base64url.js";
import { stripPrefix } from "./der.js";

/** The PEM text (RFC 7468 §2) of a 32-byte key behind its DER prefix. */
export function encodePem(label: string, prefix: Uint8Array, key: Uint8Array): string {
  const der = Uint8Array.from([...prefix, ...key]);
  const base64 = encodeBase64url(der).replaceAll("-", "+").replaceAll("_", "/");
  const padded = base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
  // Never broken: both kinds of Ed25519 key are at most one line of 64 characters.
  return `-----BEGIN ${label}-----\n${padded}\n-----END ${label}-----\n`;
}

/** The 32-byte key in PEM text, or `undefined` when it is not an Ed25519 key under that label. */
export function decodePem(
  label: string,
  prefix: Uint8Array,
  pem: string,
): Uint8Array<ArrayBuffer> | undefined {
  const armor = new RegExp(`^\\s*-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----\\s*$`);
  const base64url = armor
    .exec(pem)?.[1]
    ?.replace(/\s/g, "")
    .replace(/=$/, "")
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  const der = base64url === undefined ? undefined : decodeBase64url(base64url);
  return der === undefined ? undefined : stripPrefix(der, prefix);
}
