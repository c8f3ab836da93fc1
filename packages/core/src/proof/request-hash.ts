import { ATTESTATION_CAPABILITY_KEY as KEY } from "../constants.js";
import { sha256Base64url } from "../encoding/sha256.js";
import { asObject, type JsonObject } from "../wire/json-rpc.js";
import { experimentalIn, isHandshake, metaIn } from "../wire/placement.js";
import { canonicalJson } from "./canonical-json.js";

/** A JSON-RPC request, as far as a proof speaks of it: not its id. */
export interface ProvenRequest {
  readonly method: string;
  readonly params?: unknown;
}

/**
 * Members of `params._meta` that a proof does not speak of: the evidence itself; the trace context, which instrumentation
 * writes after the request was signed; and the progress token, which proxies renumber. Nothing may be decided by them.
 */
const UNSIGNED_META: readonly string[] = [KEY, "traceparent", "tracestate", "baggage", "progressToken"];

/**
 * Returns the hash of a request that a proof is for: base64url SHA-256 over its canonical JSON (protocol §6, RFC 8785).
 * The hash is the same whether or not evidence stands in the request already, since an `initialize` always has
 * `capabilities`.
 *
 * @throws {AttestationError} 1012 when the request has no canonical form, or a member named `__proto__`.
 */
export function requestHash({ method, params }: ProvenRequest): string {
  return sha256Base64url(canonicalJson({ method, params: signedParams(method, params) }));
}

function signedParams(method: string, params: unknown): unknown {
  if (params === undefined) return {};
  const given = asObject(params);
  if (given === undefined) return params;
  const signed = withoutUnsignedMeta(given);
  return isHandshake({ method, params: given }) ? withoutCapability(signed) : signed;
}

function withoutUnsignedMeta(params: JsonObject): JsonObject {
  const meta = metaIn(params);
  if (meta === undefined) return params;
  return withMember(params, "_meta", without(meta, UNSIGNED_META));
}

function withoutCapability(params: JsonObject): JsonObject {
  const experimental = experimentalIn(params);
  if (experimental === undefined) return params;
  const capabilities = withMember(
    asObject(params["capabilities"]) ?? {},
    "experimental",
    without(experimental, [KEY]),
  );
  return { ...params, capabilities };
}

/** Returns `holder` with `member` under `name`; without it where nothing is left in it. */
function withMember(holder: JsonObject, name: string, member: JsonObject): JsonObject {
  return isEmptyInJson(member) ? without(holder, [name]) : { ...holder, [name]: member };
}

function without(holder: JsonObject, names: readonly string[]): JsonObject {
  const copy: Record<string, unknown> = { ...holder };
  for (const name of names) delete copy[name];
  return copy;
}

/** Whether JSON shows no member of `value`: what has no JSON form gets lost on the way. */
function isEmptyInJson(value: JsonObject): boolean {
  return Object.values(value).every((member) => NOT_IN_JSON.has(typeof member));
}

const NOT_IN_JSON: ReadonlySet<string> = new Set(["undefined", "function", "symbol"]);
