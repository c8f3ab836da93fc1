import {
  asciiView,
  base64urlView,
  decodeBase64url,
  decodeTextFromBase64url,
  encodeBase64url,
  encodeTextAsBase64url,
} from "../encoding/base64url.js";
import { AttestationError, AttestationErrorCode } from "../errors.js";

/**
 * Compact JWS taken apart (RFC 7515 §3.1). Header and payload are base64url, as they stand in it. The bytes lie in memory
 * that is shared: they are to be read, and copied by who keeps them.
 */
export interface CompactJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: Uint8Array;
  /** Bytes that the signature is over: `header.payload` as it stands in the token, in ASCII. */
  readonly signingInput: Uint8Array;
}

/** Longest token that a verifier looks at unless told otherwise, in bytes. */
export const DEFAULT_MAX_TOKEN_BYTES = 8192;

/**
 * Takes a compact JWS apart: three segments, the last one canonical base64url.
 *
 * @throws {AttestationError} 1008 when it is anything else.
 */
export function splitCompactJws(token: string, maxBytes: number = DEFAULT_MAX_TOKEN_BYTES): CompactJws {
  // A token is ASCII, so characters are bytes; other characters fail where the segments are decoded.
  if (token.length > maxBytes) {
    throw malformed(`the token is ${token.length} bytes long; at most ${maxBytes} are read`);
  }
  const firstDot = token.indexOf(".");
  const lastDot = token.lastIndexOf(".");
  if (firstDot === lastDot || token.indexOf(".", firstDot + 1) !== lastDot) {
    throw malformed("a compact JWS has exactly three segments");
  }
  const signature = base64urlView(token.slice(lastDot + 1));
  if (signature === undefined) throw malformed("the signature is not canonical base64url");
  return {
    header: token.slice(0, firstDot),
    payload: token.slice(firstDot + 1, lastDot),
    signature,
    signingInput: asciiView(token.slice(0, lastDot)),
  };
}

/**
 * Returns the JSON object in a segment. Strict: canonical base64url, UTF-8 without a byte order mark, no member that
 * would reach an object's prototype.
 *
 * @throws {AttestationError} 1008 when it is anything else.
 */
export function parseJsonSegment(segment: string, name: string): Readonly<Record<string, unknown>> {
  const text = decodeTextFromBase64url(segment);
  if (text === undefined && decodeBase64url(segment) === undefined) {
    throw malformed(`the ${name} is not canonical base64url`);
  }
  const value = text === undefined ? undefined : parseJson(text);
  if (text === undefined || value === undefined) throw malformed(`the ${name} is not UTF-8 JSON`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`the ${name} is not a JSON object`);
  }
  if (mayNamePrototype(text) && namesPrototype(value)) {
    throw malformed(`the ${name} has a member named __proto__ or constructor`);
  }
  return value as Record<string, unknown>;
}

/** Returns the value of JSON `text`, or `undefined` when it is no JSON. The parser's message is dropped: it quotes the peer. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns a segment that holds a JSON object. */
export function encodeJsonSegment(value: object): string {
  return encodeTextAsBase64url(JSON.stringify(value));
}

/** Returns the compact JWS of a signing input and its signature. */
export function encodeCompactJws(signingInput: string, signature: Uint8Array): string {
  return `${signingInput}.${encodeBase64url(signature)}`;
}

/**
 * Whether `text` may have a member with a forbidden name: such a name stands in it in clear or with an escape. Cheap: of
 * each name the part is searched that begins with the rarest letter.
 */
function mayNamePrototype(text: string): boolean {
  return text.includes("proto_") || text.includes("uctor") || text.includes("\\u");
}

/** Whether an object has a member with a forbidden name. Walks with a list of its own, so that no depth of nesting can exhaust the call stack. */
function namesPrototype(root: object): boolean {
  const open: object[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Object.hasOwn(value, "__proto__") || Object.hasOwn(value, "constructor")) return true;
    for (const member of Object.values(value)) {
      if (typeof member === "object" && member !== null) open.push(member);
    }
  }
  return false;
}

function malformed(detail: string): AttestationError {
  return new AttestationError(AttestationErrorCode.MALFORMED_TOKEN, detail);
}
