const LONGEST = 256;

/**
 * `text` as it may stand in a log line: cut after 256 characters, which an ellipsis marks, and escaped but for
 * printable ASCII. An ellipsis passes, so that text which went through here before stays as it is.
 */
export function printable(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return cut.replace(/[^ -~…]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Returns the kind of a value, without its content: for messages about options that may hold secrets. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (value === "") return "an empty string";
  const [, type = "Object"] = /^\[object (\w+)\]$/.exec(Object.prototype.toString.call(value)) ?? [];
  return typeof value !== "object" || type === "Object" ? typeof value : `a ${type}`;
}
