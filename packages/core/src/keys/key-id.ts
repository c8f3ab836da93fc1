/** The longest key id, in characters. */
export const MAX_KEY_ID_LENGTH = 256;

/** Whether `value` can name a key: a string of 1 to 256 characters. */
export function isKeyId(value: unknown): value is string {
  return typeof value === "string" && value.length >= 1 && value.length <= MAX_KEY_ID_LENGTH;
}
