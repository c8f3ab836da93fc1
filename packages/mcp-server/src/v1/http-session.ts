import type { RequestMessage } from "@attest/core/wire";
import {
  type EventStore,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { handOver } from "../gate/handed-over.js";
import type { Verdict } from "../gate/verdict.js";
import { sessionNotFound } from "../http/front/http-refusal.js";
import { UnsentBytes } from "../http/front/unsent-bytes.js";
import { watchedResponse, watchWriting } from "../http/front/watched-response.js";
import type { RequestExtra } from "../http/node-handler.js";
import { incomingOf } from "../http/node-requests.js";
import type { ConnectableServer } from "./attest-server.js";
import { filteredStore } from "./filtered-store.js";
import type { HttpLimits } from "./http-limits.js";
import { ownEvents } from "./own-events.js";
import { SessionOutput } from "./session-output.js";

export interface HttpSessionOptions {
  readonly id: string;
  /** The number of this session in events, which must not tell its id. */
  readonly ordinal: number;
  /** The agent that the session is of, or the strangers: whose share it uses up. */
  readonly holder: string;
  readonly subject: string | null;
  /** In seconds since the Unix epoch. */
  readonly openedAt: number;
  readonly limits: Pick<HttpLimits, "openRequests" | "unsentBytes" | "earlyMessages">;
  readonly idleTimeoutSeconds: number;
  readonly enableJsonResponse: boolean;
  readonly eventStore: EventStore | undefined;
  readonly onerror: (error: unknown) => void;
  /** Called once, when the session is over. */
  readonly onEnd: (session: HttpSession) => void;
  /** Called when the session ends because its client reads too little of what it is sent. */
  readonly onUnread: (session: HttpSession) => void;
}

/** One session: its transport, and its life from the `initialize` until it is done, idle or unread. */
export class HttpSession {
  readonly ordinal: number;
  readonly holder: string;
  readonly id: string;
  readonly subject: string | null;
  readonly openedAt: number;
  readonly #options: HttpSessionOptions;
  readonly #transport: WebStandardStreamableHTTPServerTransport;
  readonly #unsent: UnsentBytes;
  readonly #output: SessionOutput;
  /** Called when the session is over: one for each answer that is waited for. */
  readonly #waiting = new Set<() => void>();
  readonly #idle: NodeJS.Timeout;
  #isOver = false;

  constructor(options: HttpSessionOptions) {
    const {
      id,
      ordinal,
      holder,
      subject,
      openedAt,
      limits,
      idleTimeoutSeconds,
      eventStore,
      enableJsonResponse,
    } = options;
    this.id = id;
    this.ordinal = ordinal;
    this.holder = holder;
    this.subject = subject;
    this.openedAt = openedAt;
    this.#options = options;
    this.#unsent = new UnsentBytes(limits.unsentBytes, () => this.#endUnread());
    this.#transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      ...(eventStore === undefined
        ? {}
        : { eventStore: filteredStore(ownEvents(eventStore), (message) => this.#output.isStored(message)) }),
    });
    this.#transport.onclose = () => this.#ended();
    this.#output = new SessionOutput({
      sessionId: id,
      transport: this.#transport,
      unsent: this.#unsent,
      limits,
      enableJsonResponse,
      onAnswer: () => this.#idle.refresh(),
      onLostMessage: () => this.#tellOfLostMessage(),
    });
    this.#idle = setTimeout(() => void this.close(), idleTimeoutSeconds * 1000);
    this.#idle.unref();
  }

  /** Number of unanswered requests. */
  get openRequests(): number {
    return this.#output.openRequests;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Connects `server` and hands it the `initialize` on which there is a verdict. Whatever fails, nothing is left. */
  async open(
    server: ConnectableServer,
    {
      request,
      extra,
      initialize,
      verdict,
    }: {
      readonly request: Request;
      readonly extra: RequestExtra;
      readonly initialize: RequestMessage;
      readonly verdict: Verdict;
    },
  ): Promise<Response> {
    try {
      // The SDK's class is not assignable to its own interface under exactOptionalPropertyTypes.
      const transport = this.#transport as Transport;
      handOver(transport, { id: initialize.id, verdict, session: this.ordinal });
      await server.connect(transport);
      const response = await this.post(request, initialize, extra);
      // A request that the transport refused opened no session.
      if (this.#transport.sessionId === undefined) await this.close();
      return response;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Answers a POST whose body is `body`. */
  async post(request: Request, body: unknown, extra: RequestExtra): Promise<Response> {
    if (this.#isOver) throw sessionNotFound();
    this.#idle.refresh();
    const exchange = this.#output.expect(body);
    const answers = this.#options.enableJsonResponse ? this.#output.collect(exchange) : undefined;
    let response: Response;
    try {
      response = await this.#unlessOver(this.#handle(request, extra, body));
    } catch (error) {
      this.#output.forget(exchange);
      throw error;
    }
    if (!response.ok) this.#output.forget(exchange);
    this.#output.cancelBy(body);
    if (answers === undefined || response.body === null || !response.ok)
      return this.#watched(request, response);
    // The stream stays empty: what would be in it is collected.
    return this.#watched(request, await this.#unlessOver(answers));
  }

  /** Answers a request that has no body: GET, DELETE and what is no method of Streamable HTTP. */
  async bodiless(request: Request, extra: RequestExtra): Promise<Response> {
    if (this.#isOver) throw sessionNotFound();
    this.#idle.refresh();
    const response = await this.#unlessOver(this.#handle(request, extra));
    const opensStream = request.method === "GET" && response.ok && !request.headers.has("last-event-id");
    if (!opensStream) return this.#watched(request, response);
    await this.#output.listens();
    return this.#watched(request, response, () => {
      // An event store keeps for the next stream what comes without one.
      if (this.#options.eventStore === undefined) this.#output.stopsListening();
    });
  }

  /** Ends the session. Never rejects: what the server's own `onclose` throws is told `onerror`. */
  async close(): Promise<void> {
    try {
      await this.#transport.close();
    } catch (error) {
      this.#options.onerror(error);
    }
    // A server that was never connected, or whose own code threw, has not passed it on.
    this.#ended();
  }

  #handle(request: Request, { authInfo }: RequestExtra, parsedBody?: unknown): Promise<Response> {
    const options = { parsedBody, ...(authInfo === undefined ? {} : { authInfo: authInfo as never }) };
    return this.#transport.handleRequest(request, options);
  }

  /** Returns what `answer` settles to; a call that waits for a session which is over would wait for ever. */
  #unlessOver<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // The answer that ended the session may be on its way: it comes first.
      const isOver = (): void => void setImmediate(() => reject(sessionNotFound()));
      this.#waiting.add(isOver);
      answer.then(resolve, reject).finally(() => this.#waiting.delete(isOver));
    });
  }

  #watched(request: Request, response: Response, onEnd?: () => void): Response {
    const watch = { unsent: this.#unsent, onEnd };
    return incomingOf(request) === undefined
      ? watchedResponse(response, watch)
      : watchWriting(response, watch);
  }

  #tellOfLostMessage(): void {
    const { limits, onerror } = this.#options;
    onerror(
      new Error(
        `session ${this.ordinal}: messages of the server are lost, since its client does not listen and ${limits.earlyMessages} wait already (limits.earlyMessages)`,
      ),
    );
  }

  #endUnread(): void {
    if (this.#isOver) return;
    this.#options.onUnread(this);
    void this.close();
  }

  #ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#output.end();
    clearTimeout(this.#idle);
    for (const isOver of this.#waiting) isOver();
    this.#options.onEnd(this);
  }
}
