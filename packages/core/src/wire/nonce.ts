const NONCE = /^[!-~]{1,128}$/;

/** Whether `value` can be a nonce of a server: 1 to 128 visible ASCII characters, which nobody looks into (protocol §6). */
export function isNonce(value: unknown): value is string {
  return typeof value === "string" && NONCE.test(value);
}
