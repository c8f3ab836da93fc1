import {
  answeredId,
  cancelledId,
  type Evidence,
  errorResponse,
  evidenceIn,
  isRequest,
  type Message,
  type RequestId,
  type RequestMessage,
  readRefusal,
  statusIn,
  withEvidence,
} from "@attest/core/wire";
import type { UnverifiedServerError } from "../errors/unverified-server-error.js";
import type { EvidenceStrategy } from "../evidence/evidence-strategy.js";
import { fromOwn } from "../evidence/own-failures.js";
import type { SendOptionsLike, TransportLike } from "./transport-like.js";
import type { VerifiedServer } from "./verified-server.js";

/** The code of the error that `initialize` is answered with when the session is not wanted (JSON-RPC 2.0 §5.1). */
const SESSION_NOT_WANTED = -32000;

/** Notifications that every server takes without evidence (protocol §7). */
const UNGATED: ReadonlySet<string> = new Set(["notifications/initialized", "notifications/cancelled"]);

interface OpenCall {
  readonly request: RequestMessage;
  readonly options: SendOptionsLike | undefined;
  readonly presented: Evidence | undefined;
  /** Whether it was sent once more: then a refusal is an answer. */
  readonly isRepeated: boolean;
}

export interface TrafficPorts {
  readonly evidence: EvidenceStrategy;
  /** Present when a server that does not verify this agent is not wanted. */
  readonly verifiedServer: VerifiedServer | undefined;
  readonly send: TransportLike["send"];
  /** Hands the client a message that was withheld from it, or that a server did not send. */
  readonly deliver: (message: Message) => void;
  /** Tells the client of an error that no request fails with. */
  readonly report: (error: Error) => void;
  /** Tells the client which server it is not connected to. */
  readonly onUnverified: (error: UnverifiedServerError) => void;
  /** Ends the session at the server; `undefined` at once when there is none. */
  readonly endSession: () => Promise<void> | undefined;
}

/**
 * One connection's messages, with evidence where the strategy wants some. A request without evidence costs one promise,
 * by which it is forgotten when it cannot be sent.
 */
export class AttestedTraffic {
  readonly #ports: TrafficPorts;
  readonly #open = new Map<RequestId, OpenCall>();

  constructor(ports: TrafficPorts) {
    this.#ports = ports;
  }

  /** Sends `message` of the client. */
  send(message: Message, options?: SendOptionsLike): Promise<void> {
    const { evidence, verifiedServer } = this.#ports;
    if (verifiedServer?.letsOut(message) === false) return Promise.reject(verifiedServer.error);
    if (!isRequest(message) || options?.resumptionToken !== undefined) {
      const cancelled = cancelledId(message);
      // A request that is cancelled is not answered.
      if (cancelled !== undefined) this.#open.delete(cancelled);
      return this.#ports.send(this.#withOwnEvidence(message), options);
    }
    if (this.#isSentAgain(message)) return this.#ports.send(message, options);
    if (isInitialize(message)) verifiedServer?.begin();
    const awaited = isInitialize(message) ? evidence.forInitialize(message) : evidence.forRequest(message);
    const call = { request: message, options, presented: undefined, isRepeated: false };
    return awaited === undefined ? this.#transmit(call) : this.#sendWith(awaited, call);
  }

  /** Whether the SDK sends once more what went out already, as after 401: the token in it is good, and proven anew. */
  #isSentAgain(message: RequestMessage): boolean {
    const presented = this.#open.get(message.id)?.presented;
    const mayComeAgain = presented !== undefined && this.#ports.evidence.prove !== undefined;
    return mayComeAgain && evidenceIn(message)?.token === presented.token;
  }

  /** Returns a notification with evidence, where the strategy wants some; any other message as it is. */
  #withOwnEvidence(message: Message): Message {
    if (!("method" in message) || isRequest(message) || UNGATED.has(message.method)) return message;
    const evidence = this.#ports.evidence.forNotification();
    return evidence === undefined ? message : withEvidence(message, evidence);
  }

  /** Forgets a request that nobody will answer. */
  forget(id: RequestId): void {
    this.#open.delete(id);
  }

  /** Takes a message of the server. Returns `"withhold"` when the client does not get it. */
  receive(message: Message): "pass" | "withhold" {
    const id = answeredId(message);
    const call = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || call === undefined) {
      return this.#ports.verifiedServer?.letsIn(message) === false ? "withhold" : "pass";
    }
    this.#open.delete(id);
    if ("error" in message) return this.#failed(call, message);
    return isInitialize(call.request) ? this.#initialized(id, message) : "pass";
  }

  #failed(call: OpenCall, answer: Message & { readonly error: unknown }): "pass" | "withhold" {
    const { evidence } = this.#ports;
    const refusal = readRefusal(answer.error);
    if (refusal === undefined) return "pass";
    if (call.isRepeated) {
      evidence.refusedAgain(call, refusal);
      return "pass";
    }
    const awaited = evidence.refused(call, refusal);
    if (awaited === undefined) return "pass";
    void this.#sendOnceMore(awaited, call, answer);
    return "withhold";
  }

  #initialized(id: RequestId, answer: Message): "pass" | "withhold" {
    const { evidence, verifiedServer } = this.#ports;
    const status = statusIn(answer);
    evidence.initialized(status);
    if (verifiedServer === undefined || verifiedServer.initialized(status)) return "pass";
    void this.#refuseServer(id, verifiedServer.error);
    return "withhold";
  }

  /** Ends the session that came to be, and fails the client's `initialize`. */
  async #refuseServer(id: RequestId, error: UnverifiedServerError): Promise<void> {
    const { deliver, onUnverified, endSession } = this.#ports;
    onUnverified(error);
    await endSession();
    deliver(errorResponse(id, { code: SESSION_NOT_WANTED, message: error.message }));
  }

  async #sendWith(awaited: Promise<Evidence | undefined>, call: OpenCall): Promise<void> {
    const { id } = call.request;
    this.#open.set(id, call);
    try {
      const presented = await fromOwn(awaited);
      // Cancelled while it waited: the cancellation has gone out, and must not be overtaken.
      if (this.#open.get(id) === call) await this.#transmit({ ...call, presented });
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  async #sendOnceMore(awaited: Promise<Evidence>, call: OpenCall, refusal: Message): Promise<void> {
    const { deliver, report } = this.#ports;
    try {
      await this.#sendWith(awaited, { ...call, presented: undefined, isRepeated: true });
    } catch (cause) {
      report(new Error("a call whose token had expired could not be sent once more", { cause }));
      deliver(refusal);
    }
  }

  #transmit(call: OpenCall): Promise<void> {
    const { request, options, presented } = call;
    this.#open.set(request.id, call);
    const message = presented === undefined ? request : withEvidence(request, presented);
    const sent = this.#ports.send(message, options);
    sent.catch(() => {
      if (this.#open.get(request.id) === call) this.#open.delete(request.id);
    });
    return sent;
  }
}

function isInitialize({ method }: RequestMessage): boolean {
  return method === "initialize";
}
