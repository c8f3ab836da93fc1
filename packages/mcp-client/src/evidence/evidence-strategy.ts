import type { AttestationStatus, Evidence, Refusal, RequestMessage } from "@attest/core/wire";

/** A request that is on its way, as a strategy is told of it. */
export interface PresentedRequest {
  /** The request as the client made it, without evidence. */
  readonly request: RequestMessage;
  /** The evidence that went out with it; `undefined` when none did. */
  readonly presented: Evidence | undefined;
}

/** A message as a proof speaks of it. */
export interface ProvenMessage {
  readonly method: string;
  readonly params?: unknown;
}

/** One sending of a message: over HTTP it may be sent again, with another access token. */
export interface Sending {
  /** The URL that it goes to, as proofs name it; `undefined` without HTTP. */
  readonly url: string | undefined;
  /** The OAuth access token that travels with it. */
  readonly accessToken: string | undefined;
}

/**
 * The evidence of one connection: which messages carry some, and what it is. The traffic asks it and tells it how the
 * server took the evidence. A strategy never sees the transport.
 */
export interface EvidenceStrategy {
  /** Returns the evidence for `initialize`. Rejects with the token source's own error. */
  forInitialize(request: RequestMessage): Promise<Evidence>;

  /** Returns the evidence for another request; `undefined` at once when the request needs none. */
  forRequest(request: RequestMessage): Promise<Evidence | undefined> | undefined;

  /** Returns the evidence for a notification; `undefined` when it needs none. */
  forNotification(): Evidence | undefined;

  /** Takes note of the status in the answer to `initialize`; `undefined` when the server says nothing of attestation. */
  initialized(status: AttestationStatus | undefined): void;

  /**
   * Takes note of a refusal, at `initialize` too. Returns the evidence with which the request is to be sent once more;
   * `undefined` at once when the refusal is final. It is asked once for each request.
   */
  refused(call: PresentedRequest, refusal: Refusal): Promise<Evidence> | undefined;

  /** Takes note of the final refusal of a request that was sent once more. */
  refusedAgain(call: PresentedRequest, refusal: Refusal): void;

  /** Returns the evidence with `token` as it goes out with one sending. Absent where evidence goes out as it is. */
  prove?(token: string, message: ProvenMessage, sending: Sending): Promise<Evidence>;
}
