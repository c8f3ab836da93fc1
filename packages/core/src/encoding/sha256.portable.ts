import { sha256 } from "@noble/hashes/sha2.js";
import { encodeBase64url } from "./base64url.js";
import { encodeUtf8 } from "./utf8.js";

/** Returns the SHA-256 of the UTF-8 bytes of `text`, in base64url without padding. */
export function sha256Base64url(text: string): string {
  return encodeBase64url(sha256(encodeUtf8(text)));
}
