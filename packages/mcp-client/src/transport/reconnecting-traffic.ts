import {
  answeredId,
  asObject,
  cancelledId,
  errorResponse,
  isRequest,
  type JsonObject,
  type Message,
  type RequestId,
  type RequestMessage,
} from "@attest/core/wire";
import type { UnverifiedServerError } from "../errors/unverified-server-error.js";
import { ServerRequests } from "./server-requests.js";
import { SessionKeeper, type SessionKeeperPorts } from "./session-keeper.js";
import type { AttestedTraffic } from "./traffic.js";
import type { SendOptionsLike } from "./transport-like.js";

/** The code of the error for a call whose session ended before its answer (the SDKs' `ConnectionClosed`). */
const CONNECTION_CLOSED = -32000;
/** Notifications about requests of the session that they were sent in, and about its handshake. */
const OF_ONE_SESSION: ReadonlySet<string> = new Set([
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
]);
const LISTS = ["tools", "prompts", "resources"] as const;

interface OpenCall {
  readonly request: RequestMessage;
  readonly options: SendOptionsLike | undefined;
  /** The number of the session that it is sent in. */
  session: number;
  /** Whether the server has taken it, so that it may have run. */
  isTaken: boolean;
}

export interface ReconnectingPorts extends Omit<SessionKeeperPorts, "send" | "onGone" | "onSettled"> {
  readonly traffic: Pick<AttestedTraffic, "send" | "forget">;
  /** Hands the client a message. */
  readonly deliver: (message: Message) => void;
  /** Is given the server's answer to each later `initialize`. */
  readonly onReopened: (result: JsonObject) => void;
}

/**
 * One client's messages over several HTTP sessions. A server that was restarted, or that has ended an idle session,
 * answers 404; then the client gets a new session with a fresh token (MCP 2025-11-25, Session Management §4). What the
 * 404 refused is sent again, once, since it cannot have run. What the server had taken is answered with an error.
 */
export class ReconnectingTraffic {
  readonly #ports: ReconnectingPorts;
  readonly #keeper: SessionKeeper;
  readonly #serverRequests = new ServerRequests();
  readonly #open = new Map<RequestId, OpenCall>();

  constructor(ports: ReconnectingPorts) {
    this.#ports = ports;
    this.#keeper = new SessionKeeper({
      ...ports,
      send: (message) => ports.traffic.send(message),
      onGone: () => this.#cancelServerRequests(),
      onSettled: (result) => {
        this.#failTakenCalls();
        if (result !== undefined) this.#tellOfSession(result);
      },
    });
  }

  /** Sends `message` of the client. */
  send(message: Message, options?: SendOptionsLike): Promise<void> {
    const keeper = this.#keeper;
    const isResumption = options?.resumptionToken !== undefined;
    if (keeper.isOver || isResumption) return this.#ports.traffic.send(message, options);
    if (!isRequest(message)) return this.#sendOther(message, options);
    // The SDK sends it once more, as after 401, in the course of sending it: what becomes of that is seen to there.
    if (this.#open.has(message.id)) return this.#ports.traffic.send(message, options);
    const call = { request: message, options, session: keeper.number, isTaken: false };
    this.#open.set(message.id, call);
    if (message.method === "initialize") keeper.begin(message);
    return keeper.isOpen ? this.#transmit(call) : this.#transmitLater(call);
  }

  /** Takes a message of the server. Returns `"withhold"` when the client does not get it as it is. */
  receive(message: Message): "pass" | "withhold" {
    if (this.#keeper.receive(message)) return "withhold";
    const id = answeredId(message);
    const call = id === undefined ? undefined : this.#open.get(id);
    if (id !== undefined && call !== undefined) {
      this.#open.delete(id);
      this.#keeper.answered(call.request, message);
    }
    const incoming = this.#serverRequests.incoming(message);
    if (incoming === message) return "pass";
    this.#ports.deliver(incoming);
    return "withhold";
  }

  /** Takes an error of the transport. Returns `"withhold"` when the client is not told, since a new session helps. */
  failed(error: Error): "pass" | "withhold" {
    return this.#keeper.failed(error);
  }

  /** Takes note of a server that did not verify this agent. */
  unverified(error: UnverifiedServerError): void {
    this.#keeper.unverified(error);
  }

  /** Takes note that the client has ended the session, or closed the connection. */
  end(): void {
    this.#keeper.end();
  }

  async #transmit(call: OpenCall): Promise<void> {
    try {
      await this.#ports.traffic.send(call.request, call.options);
      call.isTaken = true;
    } catch (error) {
      if (this.#keeper.isLoss(error)) return this.#transmitLater(call, error);
      this.#forget(call);
      throw error;
    }
  }

  /** Sends a call in the next session; `refusal` is the 404 of the session before, where it was sent in that. */
  async #transmitLater(call: OpenCall, refusal?: Error): Promise<void> {
    const { request, options } = call;
    try {
      await this.#keeper.sessionAfter(call.session, refusal);
      // A call that the client has cancelled in the meantime is not sent.
      if (this.#open.get(request.id) !== call) return;
      call.session = this.#keeper.number;
      await this.#ports.traffic.send(request, options);
      call.isTaken = true;
    } catch (error) {
      this.#keeper.isLoss(error);
      this.#forget(call);
      throw error;
    }
  }

  async #sendOther(given: Message, options?: SendOptionsLike): Promise<void> {
    const { traffic } = this.#ports;
    const session = this.#keeper.number;
    const cancelled = cancelledId(given);
    if (cancelled !== undefined) this.#open.delete(cancelled);
    const message = "method" in given ? given : this.#serverRequests.outgoing(given);
    if (message === undefined) return;
    let refusal: Error | undefined;
    if (this.#keeper.isOpen) {
      try {
        return await traffic.send(message, options);
      } catch (error) {
        if (!this.#keeper.isLoss(error)) throw error;
        refusal = error;
      }
    } else if (cancelled !== undefined) traffic.forget(cancelled);
    const reopened = this.#keeper.sessionAfter(session, refusal);
    // What is about the session that is gone has nothing left to do.
    if (!("method" in message) || OF_ONE_SESSION.has(message.method)) return reopened.catch(() => undefined);
    await reopened;
    await traffic.send(message, options);
  }

  #forget(call: OpenCall): void {
    if (this.#open.get(call.request.id) === call) this.#open.delete(call.request.id);
  }

  /** The client need not finish what the old session asked of it. */
  #cancelServerRequests(): void {
    for (const requestId of this.#serverRequests.nextSession()) {
      const params = { requestId, reason: "the session is gone" };
      this.#ports.deliver({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    }
  }

  /** Nobody will answer what the old session had taken. */
  #failTakenCalls(): void {
    const { deliver, traffic } = this.#ports;
    for (const { isTaken, session, request } of this.#open.values()) {
      if (!isTaken || session === this.#keeper.number) continue;
      this.#open.delete(request.id);
      traffic.forget(request.id);
      const message = "the server forgot the session in the course of this call, which may have run";
      deliver(errorResponse(request.id, { code: CONNECTION_CLOSED, message }));
    }
  }

  #tellOfSession(result: JsonObject): void {
    const { deliver, onReopened } = this.#ports;
    onReopened(result);
    const declared = asObject(result["capabilities"]) ?? {};
    for (const list of LISTS.filter((name) => asObject(declared[name]) !== undefined)) {
      deliver({ jsonrpc: "2.0", method: `notifications/${list}/list_changed` });
    }
  }
}
