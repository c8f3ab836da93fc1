import { createHash } from "node:crypto";

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
interface Message {
  readonly method: string;
  readonly params?: unknown;
}

const KEY = "security.attestation";
const UNSIGNED = [KEY, "traceparent", "tracestate", "baggage", "progressToken"];
const SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/** JCS (RFC 8785) as the RFC has it, written without a look at the library that the package uses. */
export function jcs(value: Json): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return Object.is(value, -0) ? "0" : String(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(jcs).join(",")}]`;
  const members = Object.entries(value as { readonly [name: string]: Json });
  members.sort(([a], [b]) => compareUnits(a, b));
  return `{${members.map(([name, member]) => `${quoted(name)}:${jcs(member)}`).join(",")}}`;
}

/** The hash of a request by the rules of the protocol, over the message as JSON has it. */
export function hashOf({ method, params }: Message): string {
  const inJson = (params === undefined ? {} : JSON.parse(JSON.stringify(params))) as Json;
  return createHash("sha256")
    .update(jcs({ method, params: signedPart(method, inJson) }))
    .digest("base64url");
}

function signedPart(method: string, params: Json): Json {
  if (!isObject(params)) return params;
  const isModern = isObject(params["_meta"]) && "io.modelcontextprotocol/protocolVersion" in params["_meta"];
  const signed = trimmed(params, "_meta", UNSIGNED);
  if (method !== "initialize" || isModern || !isObject(signed["capabilities"])) return signed;
  return { ...signed, capabilities: trimmed(signed["capabilities"], "experimental", [KEY]) };
}

/** `holder` without `names` in its member `member`, and without that member where nothing is left in it. */
function trimmed(holder: { readonly [name: string]: Json }, member: string, names: readonly string[]) {
  const inner = holder[member];
  if (!isObject(inner)) return holder;
  const left = Object.entries(inner).filter(([name]) => !names.includes(name));
  const others = Object.entries(holder).filter(([name]) => name !== member);
  return Object.fromEntries(left.length === 0 ? others : [...others, [member, Object.fromEntries(left)]]);
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(text: string): string {
  let written = "";
  for (const character of text) {
    const code = character.charCodeAt(0);
    written += SHORT[character] ?? (code < 0x20 ? `\\u${code.toString(16).padStart(4, "0")}` : character);
  }
  return `"${written}"`;
}

/** Order by UTF-16 units (RFC 8785 §3.2.3). */
function compareUnits(a: string, b: string): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
