import { answeredId } from "@attest/core/wire";
import type { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { jsonResponse } from "../http/front/json-response.js";
import type { UnsentBytes } from "../http/front/unsent-bytes.js";
import { EarlyMessages } from "./early-messages.js";
import type { HttpLimits } from "./http-limits.js";
import { cancels, type Exchange, OpenRequests } from "./open-requests.js";

export interface SessionOutputOptions {
  readonly sessionId: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly unsent: UnsentBytes;
  readonly limits: Pick<HttpLimits, "openRequests" | "earlyMessages">;
  /** Whether answers are collected as JSON. The transport's own streams stay empty then. */
  readonly enableJsonResponse: boolean;
  /** Called for each answer that somebody waits for. */
  readonly onAnswer: () => void;
  /** Called once, when the first message is lost because the client does not listen. */
  readonly onLostMessage: () => void;
}

/** Stands in place of an answer that the SDK's transport is to forget and nobody is to get. */
const NOTHING = { code: -32603, message: "" } as const;

/**
 * The way of a session's messages from its server to its client: answers to the requests that wait for them, once each,
 * and what the server sends of its own accord to the client's stream, or to a queue until there is one.
 */
export class SessionOutput {
  readonly #options: SessionOutputOptions;
  readonly #send: Transport["send"];
  readonly #requests: OpenRequests;
  readonly #early: EarlyMessages;
  /** Answers that stand for none, so that no event store keeps them. */
  readonly #standIns = new WeakSet<JSONRPCMessage>();
  #hears = false;
  #isOver = false;
  #hasLostMessages = false;

  /** Puts itself between the transport and all that send over it. */
  constructor(options: SessionOutputOptions) {
    const { transport, limits, unsent } = options;
    this.#options = options;
    this.#requests = new OpenRequests(limits.openRequests);
    this.#early = new EarlyMessages(limits.earlyMessages, unsent);
    this.#send = transport.send.bind(transport) as Transport["send"];
    transport.send = (message, sendOptions) => this.#sendOut(message, sendOptions);
  }

  /** Number of unanswered requests. */
  get openRequests(): number {
    return this.#requests.size;
  }

  /**
   * Takes up the requests in `body`, one message or a batch, before the transport gets it.
   *
   * @throws {HttpRefusal} 503 when there would be too many, 400 when an id is in use. Then none is taken up.
   */
  expect(body: unknown): Exchange {
    return this.#requests.add(body);
  }

  /** Takes back an exchange that the transport refused. */
  forget(exchange: Exchange): void {
    this.#requests.remove(exchange);
  }

  /** Returns the JSON of every answer in `exchange`, once it is complete. */
  collect(exchange: Exchange): Promise<Response> {
    return new Promise((resolve) => {
      exchange.onOver = () => resolve(this.#jsonAnswer(exchange.answers));
    });
  }

  /** Gives up the requests that `body` cancels, once the server has heard of it: from then on it answers them no more. */
  cancelBy(body: unknown): void {
    if (!cancels(body)) return;
    setImmediate(() => {
      for (const exchange of this.#requests.cancelBy(body)) this.#endIfOver(exchange);
    });
  }

  /** The client listens: sends what it has missed, and from now on everything at once. */
  async listens(): Promise<void> {
    await this.#early.deliver((message) => this.#send(message));
    this.#hears = true;
  }

  /** The client listens no more. */
  stopsListening(): void {
    this.#hears = false;
  }

  /** The session is over: what the server still sends of its own accord has nowhere to go. */
  end(): void {
    this.#isOver = true;
  }

  /** Whether an event store may keep `message`. Where answers are JSON, the only stream to resume is the server's own. */
  isStored(message: JSONRPCMessage): boolean {
    return !this.#standIns.has(message) && (!this.#options.enableJsonResponse || "method" in message);
  }

  #sendOut(message: JSONRPCMessage, options: TransportSendOptions | undefined): Promise<void> {
    const id = answeredId(message);
    if (id !== undefined) return this.#sendAnswer(id, message, options);
    if (options?.relatedRequestId !== undefined) {
      // JSON has no room for what comes before the answer.
      return this.#options.enableJsonResponse ? Promise.resolve() : this.#send(message, options);
    }
    if (this.#hears) return this.#send(message, options);
    if (this.#isOver) return Promise.resolve();
    if (!this.#early.keep(message)) this.#tellOfLostMessage();
    return Promise.resolve();
  }

  async #sendAnswer(
    id: RequestId,
    message: JSONRPCMessage,
    options: TransportSendOptions | undefined,
  ): Promise<void> {
    const exchange = this.#requests.answer(id);
    if (exchange === undefined) return;
    this.#options.onAnswer();
    const isCollected = this.#options.enableJsonResponse;
    if (isCollected) exchange.answers.push(message);
    await this.#send(isCollected ? this.#standIn(id) : message, options);
    this.#endIfOver(exchange);
  }

  /** Ends the stream of an exchange of which only cancelled requests are left, without a message. */
  #endIfOver(exchange: Exchange): void {
    if (exchange.pending.size > 0) return;
    const [first] = exchange.cancelled;
    if (first !== undefined) {
      this.#options.transport.closeSSEStream(first);
      for (const id of exchange.cancelled.splice(0)) {
        // It throws, for want of the stream, once it has forgotten the request.
        this.#send(this.#standIn(id)).catch(() => undefined);
      }
    }
    exchange.onOver();
  }

  #jsonAnswer(answers: readonly JSONRPCMessage[]): Response {
    const headers = { "mcp-session-id": this.#options.sessionId };
    if (answers.length === 0) return new Response(null, { status: 202, headers });
    return jsonResponse(answers.length === 1 ? answers[0] : answers, { headers });
  }

  #standIn(id: RequestId): JSONRPCMessage {
    const standIn: JSONRPCMessage = { jsonrpc: "2.0", id, error: NOTHING };
    this.#standIns.add(standIn);
    return standIn;
  }

  #tellOfLostMessage(): void {
    if (this.#hasLostMessages) return;
    this.#hasLostMessages = true;
    this.#options.onLostMessage();
  }
}
