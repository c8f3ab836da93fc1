import { membersOf } from "@attest/core/internal";
import { asObject, type RequestMessage } from "@attest/core/wire";
import type { AttestationContext } from "./attestation-context.js";
import { type CurrentCall, contextOf } from "./current-call.js";

const calls = new WeakMap<object, CurrentCall>();

/**
 * Returns `request` with `params._meta` by which {@link callOfExtra} finds `call`: always an object of its own, since a
 * transport in memory hands over the client's, which may stand in requests of several callers.
 */
export function withCall(request: RequestMessage, call: CurrentCall): RequestMessage {
  const given = request.params?.["_meta"];
  // The server refuses a `_meta` that is no object.
  if (given !== undefined && asObject(given) === undefined) return request;
  const _meta = { ...asObject(given) };
  calls.set(_meta, call);
  return { ...request, params: { ...request.params, _meta } };
}

/** Returns the call whose handler got `extra`, or a copy of it; `undefined` when it came through no gate. */
export function callOfExtra(extra: unknown): CurrentCall | undefined {
  const { _meta } = membersOf(extra);
  return typeof _meta === "object" && _meta !== null ? calls.get(_meta) : undefined;
}

/** Whether `value` is what the SDK hands to a handler as its last argument, or a copy of that. */
export function isExtra(value: unknown): boolean {
  const { requestId, signal, sendRequest } = membersOf(value);
  return requestId !== undefined && signal instanceof AbortSignal && typeof sendRequest === "function";
}

/**
 * Returns the caller of the request whose handler got `extra`, its last argument. Unlike `currentAttestation` it does not
 * depend on where the code runs: use it in a queue or a pool of workers, whose jobs may run in the course of another call,
 * and after the request was answered. Returns `undefined` for what came through no gate. Once the token has expired, or the
 * session has ended, the agent is not attested any more.
 */
export function attestationOf(extra: unknown): AttestationContext | undefined {
  const call = callOfExtra(extra);
  return call && contextOf(call);
}
