import { AttestationError, AttestationErrorCode } from "../errors.js";

/** An object or a list of which a part is written. */
interface Open {
  readonly holder: Readonly<Record<string, unknown>> | readonly unknown[];
  /** The names of an object's members in their order; `undefined` for a list. */
  readonly names: readonly string[] | undefined;
  readonly length: number;
  /** The index of the member that comes next. */
  next: number;
  /** Whether a member is written already. */
  isBegun: boolean;
}

/**
 * Returns the one canonical JSON text of `root` (JCS, RFC 8785), of which two parties can take the same hash. What JSON
 * leaves out is left out, and `toJSON` is heard.
 *
 * Keeps a list of its own of what is begun, so that no depth of nesting can exhaust the call stack.
 *
 * @throws {AttestationError} 1012 when `root` has no such text (a lone surrogate, a number that is not finite, a circle), or
 *   has a member named `__proto__`, on which parsers differ.
 */
export function canonicalJson(root: object): string {
  const open: Open[] = [];
  const holders = new Set<object>();
  let text = "";

  function begin(holder: object): void {
    if (holders.has(holder)) throw noHash("the request has a circle");
    holders.add(holder);
    const isList = Array.isArray(holder);
    // Names are sorted by their UTF-16 units (§3.2.3), which is how JavaScript compares strings.
    const names = isList ? undefined : Object.keys(holder).sort();
    const length = isList ? holder.length : (names?.length ?? 0);
    open.push({ holder: holder as Open["holder"], names, length, next: 0, isBegun: false });
    text += isList ? "[" : "{";
  }

  begin(root);
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    const { holder, names, next } = inner;
    if (next === inner.length) {
      text += names === undefined ? "]" : "}";
      holders.delete(holder);
      open.pop();
      continue;
    }
    inner.next += 1;
    const name = names?.[next];
    const value = inJson((holder as Readonly<Record<string, unknown>>)[name ?? next]);
    if (value === undefined && name !== undefined) continue;
    if (inner.isBegun) text += ",";
    inner.isBegun = true;
    if (name !== undefined) text += `${quotedName(name)}:`;
    if (typeof value === "object" && value !== null) begin(value);
    else text += scalar(value);
  }
  return text;
}

/** Returns `value` as JSON takes it: `undefined` for what has no JSON form. */
function inJson(value: unknown): unknown {
  const { toJSON } = typeof value === "object" && value !== null ? (value as { toJSON?: unknown }) : {};
  const taken: unknown = typeof toJSON === "function" ? toJSON.call(value) : value;
  return typeof taken === "function" || typeof taken === "symbol" ? undefined : taken;
}

function scalar(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))) {
    throw noHash("the request has a number that JSON has not");
  }
  // What has no JSON form is null in a list. A number is written as ECMAScript does (§3.2.2.3).
  return value === undefined ? "null" : `${value as number | boolean | null}`;
}

function quotedName(name: string): string {
  if (name === "__proto__") throw noHash("the request has a member named __proto__");
  return quoted(name);
}

/** Characters that are escaped, or may be half of one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const SPECIAL = /[\u0000-\u001f"\\\ud800-\udfff]/;

/** A surrogate alone: in Unicode mode a pair is one other character. */
const HALF_PAIR = /\p{Surrogate}/u;

function quoted(text: string): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  if (HALF_PAIR.test(text)) throw noHash("the request has half of a surrogate pair");
  return JSON.stringify(text);
}

function noHash(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.INVALID_PROOF, detail, { check: "proof" });
}
