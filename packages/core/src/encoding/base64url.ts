/*
 * base64url without padding (RFC 4648 §5, RFC 7515 §2), by the runtime's own codec where it has one. Reading is
 * strict: another alphabet, padding, white space, a length that no bytes encode to, or unused bits that are not zero
 * are refused, so that no two texts stand for the same bytes.
 */
export {
  asciiView,
  base64urlView,
  decodeBase64url,
  decodeTextFromBase64url,
  encodeBase64url,
  encodeTextAsBase64url,
} from "#base64url";
