import { hash } from "node:crypto";

/** Returns the SHA-256 of the UTF-8 bytes of `text`, in base64url without padding. */
export function sha256Base64url(text: string): string {
  return hash("sha256", text, "base64url");
}
