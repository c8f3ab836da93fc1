import type { Clock } from "@attest/core";
import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { TokenLife } from "./token-life.js";
import { isRequest, saysExpired, saysVerified, withCapability, withRenewal } from "./wire.js";

interface OpenCall {
  readonly request: JSONRPCRequest;
  readonly options: TransportSendOptions | undefined;
  /** Whether it went out with a fresh token: then to be told "expired" once more is an answer. */
  readonly isRenewed: boolean;
  /** Whether our token was due when it went out: a server may pass somebody else's 1001 on, from a call that ran. */
  readonly wasDue: boolean;
}

export interface TrafficPorts {
  readonly getToken: () => Promise<string>;
  readonly clock: Clock;
  readonly send: Transport["send"];
  /** Hands the client a message that was withheld from it. */
  readonly deliver: (message: JSONRPCMessage) => void;
  /** Tells the client that a token could not be had in time. */
  readonly report: (error: Error) => void;
}

/**
 * One connection's messages, with a token where one belongs: in `initialize`; once most of its life has gone, in
 * the next request; and in a request that was refused because the token had expired, which is sent once more.
 */
export class AttestedTraffic {
  readonly #ports: TrafficPorts;
  readonly #life: TokenLife;
  readonly #open = new Map<RequestId, OpenCall>();
  #initializeId: RequestId | undefined;
  /** Fresh tokens are for servers that verify them. */
  #isVerified = false;
  #isRenewing = false;

  constructor(ports: TrafficPorts) {
    this.#ports = ports;
    this.#life = new TokenLife(ports.clock);
  }

  /** The client sends `message`. */
  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (!isRequest(message)) {
      this.#forgetCancelled(message);
      await this.#ports.send(message, options);
    } else if (message.method === "initialize") {
      const token = await this.#ports.getToken();
      this.#life.begin(token);
      this.#initializeId = message.id;
      await this.#ports.send(withCapability(message, token), options);
    } else {
      await this.#sendRequest(message, options);
    }
  }

  /** The server sent `message`; `"withhold"` when it is dealt with here. */
  receive(message: JSONRPCMessage): "pass" | "withhold" {
    if ("method" in message || !("id" in message) || message.id === undefined) return "pass";
    if (message.id === this.#initializeId) {
      this.#isVerified = saysVerified(message);
      return "pass";
    }
    const call = this.#open.get(message.id);
    this.#open.delete(message.id);
    if (call === undefined || call.isRenewed || !call.wasDue || !saysExpired(message)) return "pass";
    void this.#sendOnceMore(call, message);
    return "withhold";
  }

  async #sendRequest(request: JSONRPCRequest, options: TransportSendOptions | undefined): Promise<void> {
    if (!this.#isVerified) {
      await this.#ports.send(request, options);
      return;
    }
    const wasDue = this.#life.isDue;
    this.#open.set(request.id, { request, options, isRenewed: false, wasDue });
    const token = wasDue && !this.#isRenewing ? await this.#renew() : undefined;
    // Cancelled while it waited for a token: the cancellation has gone out, and must not be overtaken.
    if (!this.#open.has(request.id)) return;
    this.#open.set(request.id, { request, options, isRenewed: token !== undefined, wasDue });
    try {
      await this.#ports.send(token === undefined ? request : withRenewal(request, token), options);
    } catch (error) {
      this.#open.delete(request.id);
      throw error;
    }
  }

  /** A fresh token, or `undefined` when none can be had: the old one still has some of its life before it. */
  async #renew(): Promise<string | undefined> {
    this.#isRenewing = true;
    try {
      const token = await this.#ports.getToken();
      this.#life.begin(token);
      return token;
    } catch (cause) {
      this.#ports.report(new Error("the session's token could not be renewed", { cause }));
      return undefined;
    } finally {
      this.#isRenewing = false;
    }
  }

  async #sendOnceMore(call: OpenCall, refusal: JSONRPCMessage): Promise<void> {
    const { request, options } = call;
    this.#open.set(request.id, { ...call, isRenewed: true });
    try {
      const token = await this.#ports.getToken();
      this.#life.begin(token);
      if (this.#open.has(request.id)) await this.#ports.send(withRenewal(request, token), options);
    } catch (cause) {
      this.#open.delete(request.id);
      this.#ports.report(new Error("the session's token could not be renewed", { cause }));
      this.#ports.deliver(refusal);
    }
  }

  /** A request that is cancelled is not answered. */
  #forgetCancelled(message: JSONRPCMessage): void {
    if (!("method" in message) || message.method !== "notifications/cancelled") return;
    const id = message.params?.["requestId"];
    if (typeof id === "string" || typeof id === "number") this.#open.delete(id);
  }
}
