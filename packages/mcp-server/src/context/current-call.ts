import { AsyncLocalStorage } from "node:async_hooks";
import type { AttestationErrorCode } from "@attest/core";
import type { JsonObject } from "@attest/core/wire";
import type { AttestationDeniedError } from "../guard/attestation-denied-error.js";
import { type AttestationContext, UNATTESTED } from "./attestation-context.js";
import type { Caller } from "./caller.js";

/** One message from a client on its way through the server, as the gate let it pass. */
export interface CurrentCall {
  readonly caller: Caller;
  /** Identity of the gate that the call came through. */
  readonly gate: object;
  /** Whether the call has been answered, or given up by its client. Nothing runs in its course any more. */
  isOver: boolean;
  /** Whether its client gave it up. Its handler may run on, or begin only now, and still does what the caller asked for. */
  isGivenUp: boolean;
  /** Whether the caller's token has expired, by the gate's clock and skew. */
  readonly isExpired: () => boolean;
  /** Returns what a denial with this code tells the client about the attestation it should have. */
  readonly refusalData: (code: AttestationErrorCode) => JsonObject;
  /**
   * Notes that a guard denied the call: the gate tells the observer, and answers with the real error where the
   * SDK makes a mere tool result of it.
   */
  readonly noteDenial: (denial: AttestationDeniedError) => void;
}

const calls = new AsyncLocalStorage<CurrentCall>();

/** Runs `work`, and all that comes of it, as `call`. */
export function runAsCall<T>(call: CurrentCall, work: () => T): T {
  return calls.run(call, work);
}

/** The call in whose course this code runs; `undefined` outside of any, and once the call is over. */
export function currentCall(): CurrentCall | undefined {
  const call = calls.getStore();
  return call?.isOver ? undefined : call;
}

/** The call on whose behalf this code may act: as {@link currentCall}, and a call that was given up as well. */
export function actingCall(): CurrentCall | undefined {
  const call = calls.getStore();
  return call?.isOver && !call.isGivenUp ? undefined : call;
}

/**
 * Returns the caller, at any depth of a request handler's code, until the request is answered; `undefined` outside of a
 * request. Once the token has expired, or the session has ended, nobody vouches for the agent: it is not attested any more.
 */
export function currentAttestation(): AttestationContext | undefined {
  const call = currentCall();
  return call && contextOf(call);
}

/** Returns the caller of `call`, as far as somebody still vouches for it. */
export function contextOf({ caller, isExpired }: CurrentCall): AttestationContext {
  return isExpired() ? UNATTESTED : caller.context;
}
