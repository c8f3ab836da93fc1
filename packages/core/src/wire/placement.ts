import { ATTESTATION_CAPABILITY_KEY as KEY } from "../constants.js";
import {
  type Evidence,
  MALFORMED_EVIDENCE,
  readEvidence,
  writeCapability,
  writeEvidence,
} from "./evidence.js";
import {
  asObject,
  type JsonObject,
  type Message,
  type RequestMessage,
  type ResultMessage,
} from "./json-rpc.js";
import { type AttestationStatus, readStatus, writeStatus } from "./server-status.js";

/*
 * Places of attestation in MCP's messages. Each message decides by its own content, whatever its session: an
 * `initialize` has evidence among its experimental capabilities, every other request in `params._meta`. In the answer
 * to `initialize` the server's status stands under the same key.
 */

/** The member of `params._meta` by which a request of MCP 2026-07-28 is known. */
const ENVELOPE = "io.modelcontextprotocol/protocolVersion";

/**
 * Returns the evidence that came with `message`; `undefined` when nothing did. Evidence in both places of one message
 * is malformed, since two readers could take different tokens.
 */
export function evidenceIn({ params }: Pick<RequestMessage, "params">): Evidence | undefined {
  const inMeta = metaIn(params)?.[KEY];
  const inCapabilities = experimentalIn(params)?.[KEY];
  if (isAbsent(inCapabilities)) return readEvidence(inMeta);
  return isAbsent(inMeta) ? readEvidence(inCapabilities) : MALFORMED_EVIDENCE;
}

/** Returns `request`, or a notification, with `evidence` in its place, in the stead of evidence that was there. */
export function withEvidence<M extends Omit<RequestMessage, "id">>(request: M, evidence: Evidence): M {
  const params = request.params ?? {};
  if (!isHandshake(request)) {
    return {
      ...request,
      params: { ...params, _meta: { ...metaIn(params), [KEY]: writeEvidence(evidence) } },
    };
  }
  const experimental = { ...experimentalIn(params), [KEY]: writeCapability(evidence) };
  const capabilities = { ...asObject(params["capabilities"]), experimental };
  return { ...request, params: { ...params, capabilities } };
}

/** Returns `message` without any evidence, wherever a client put it: the server's own code never sees a token. */
export function withoutEvidence<M extends Message>(message: M): M {
  if (!("method" in message) || message.params === undefined) return message;
  const params = withoutCapability(withoutMeta(message.params));
  return params === message.params ? message : { ...message, params };
}

/** Returns the answer to `initialize` with `status` among the server's experimental capabilities. */
export function withStatus(answer: ResultMessage, status: AttestationStatus): ResultMessage {
  const capabilities = asObject(answer.result["capabilities"]) ?? {};
  const experimental = { ...asObject(capabilities["experimental"]), [KEY]: writeStatus(status) };
  return { ...answer, result: { ...answer.result, capabilities: { ...capabilities, experimental } } };
}

/** Returns the status in an answer to `initialize`; `undefined` when there is none that makes sense. */
export function statusIn(answer: Message): AttestationStatus | undefined {
  return "result" in answer ? readStatus(experimentalIn(answer.result)?.[KEY]) : undefined;
}

/** Whether `request` is the `initialize` of a session, and no request of MCP 2026-07-28 by that name. */
export function isHandshake({ method, params }: Pick<RequestMessage, "method" | "params">): boolean {
  return method === "initialize" && metaIn(params)?.[ENVELOPE] === undefined;
}

function withoutMeta(params: JsonObject): JsonObject {
  const meta = metaIn(params);
  if (meta === undefined || !Object.hasOwn(meta, KEY)) return params;
  const { [KEY]: _, ...otherMeta } = meta;
  const { _meta: __, ...others } = params;
  return isEmpty(otherMeta) ? others : { ...others, _meta: otherMeta };
}

function withoutCapability(params: JsonObject): JsonObject {
  const experimental = experimentalIn(params);
  if (experimental === undefined || !Object.hasOwn(experimental, KEY)) return params;
  const { [KEY]: _, ...otherExperimental } = experimental;
  const { experimental: __, ...otherCapabilities } = asObject(params["capabilities"]) ?? {};
  const capabilities = isEmpty(otherExperimental)
    ? otherCapabilities
    : { ...otherCapabilities, experimental: otherExperimental };
  return { ...params, capabilities };
}

/** Returns `params._meta`; `undefined` where there is none. */
export function metaIn(params: JsonObject | undefined): JsonObject | undefined {
  return asObject(params?.["_meta"]);
}

/** Returns `capabilities.experimental` of a request's parameters, or of a result; `undefined` where there is none. */
export function experimentalIn(holder: JsonObject | undefined): JsonObject | undefined {
  return asObject(asObject(holder?.["capabilities"])?.["experimental"]);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
