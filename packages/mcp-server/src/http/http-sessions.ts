import { randomUUID } from "node:crypto";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { assertSameSite } from "./assert-same-site.js";
import { BodyReader } from "./body-reader.js";
import { HttpRefusal } from "./http-refusal.js";
import { OpenRequests } from "./open-requests.js";
import {
  type HttpSessionsOptions,
  type HttpSessionsSettings,
  readSessionOptions,
} from "./session-options.js";

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly open: OpenRequests;
  /** Called when the session is over: one for each call whose answer is waited for. */
  readonly waiting: Set<() => void>;
  /** Closes the session when no request comes for too long; started again by every request and its answer. */
  idle: NodeJS.Timeout | undefined;
}

/**
 * MCP over stateful Streamable HTTP: a server and a transport for each session, found again by the session's id
 * and closed when they are done, idle or refused. Bounded in sessions, time and bytes, and closed to web pages.
 */
export class HttpSessions implements AsyncDisposable {
  readonly #settings: HttpSessionsSettings;
  readonly #sessions = new Map<string, Session>();
  /** Sessions that are being opened: they count, so that many at once cannot pass the limit together. */
  #opening = 0;
  /** Apart from sessions, so that slow bodies cannot use these up, and strangers' apart from those of sessions. */
  readonly #strangersBodies: BodyReader;
  readonly #sessionsBodies: BodyReader;
  #closed = false;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: HttpSessionsOptions) {
    this.#settings = readSessionOptions(options);
    const { maxBodyBytes, maxInitializeBytes } = this.#settings;
    const ofStrangers = { ...this.#settings, maxBodyBytes: Math.min(maxBodyBytes, maxInitializeBytes) };
    this.#strangersBodies = new BodyReader(ofStrangers);
    this.#sessionsBodies = new BodyReader(this.#settings);
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Answers a web-standard request. Never rejects: what fails here is told `onerror`, and the client 500. */
  readonly handle = async (request: Request): Promise<Response> => {
    try {
      if (this.#closed) throw new HttpRefusal(503, "Service Unavailable: the server is closing");
      assertSameSite(request.headers, this.#settings);
      const sessionId = request.headers.get("mcp-session-id");
      if (sessionId !== null) return await this.#continue(sessionId, request);
      if (request.method !== "POST")
        throw new HttpRefusal(400, "Bad Request: Mcp-Session-Id header is required");
      const body = await this.#strangersBodies.read(request);
      if (!isInitialize(body)) throw new HttpRefusal(400, "Bad Request: a session begins with initialize");
      return await this.#open(request, body);
    } catch (error) {
      if (error instanceof HttpRefusal) return error.toResponse();
      this.#report(error);
      return new HttpRefusal(500, "Internal error", -32603).toResponse();
    }
  };

  /** Closes every session. Later requests are refused, 503. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #report(error: unknown): void {
    try {
      this.#settings.onerror(error);
    } catch {
      // Nobody is left to be told.
    }
  }

  async #continue(sessionId: string, request: Request): Promise<Response> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw new HttpRefusal(404, "Session not found", -32001);
    session.idle?.refresh();
    const parsedBody = request.method === "POST" ? await this.#sessionsBodies.read(request) : undefined;
    // It may have ended while the body was on its way, and a transport that is closed may never answer (SDK < 1.30).
    if (this.#sessions.get(sessionId) !== session) throw new HttpRefusal(404, "Session not found", -32001);
    if (!session.open.add(parsedBody, this.#settings.maxOpenRequests)) {
      throw new HttpRefusal(503, "Service Unavailable: too many of the session's requests are unanswered");
    }
    setImmediate(() => void this.#answerCancelled(session, parsedBody));
    const response = await this.#answer(session, request, parsedBody);
    if (!response.ok) session.open.remove(parsedBody);
    return response;
  }

  /** Once the server has heard that they are cancelled, it answers them no more: here the transport may forget them. */
  async #answerCancelled({ open, transport }: Session, parsedBody: unknown): Promise<void> {
    for (const answer of open.answersToCancelled(parsedBody)) {
      await transport.send(answer).catch((error: unknown) => this.#report(error));
    }
  }

  async #open(request: Request, parsedBody: unknown): Promise<Response> {
    if (this.#sessions.size + this.#opening >= this.#settings.maxSessions) {
      throw new HttpRefusal(503, "Service Unavailable: too many sessions");
    }
    this.#opening += 1;
    let isOpening = true;
    const opened = (): void => {
      if (isOpening) this.#opening -= 1;
      isOpening = false;
    };
    try {
      const session = this.#createSession(opened);
      session.open.add(parsedBody, this.#settings.maxOpenRequests);
      const server = await this.#settings.createServer();
      // The SDK's class is not assignable to its own interface under exactOptionalPropertyTypes.
      await server.connect(session.transport as Transport);
      const response = await this.#answer(session, request, parsedBody);
      // A request that the transport refused, for its headers say, opened no session: its server goes with it.
      if (session.transport.sessionId === undefined || this.#closed) await session.transport.close();
      return response;
    } finally {
      opened();
    }
  }

  /** The transport's answer. A call that waits for a session which is over would wait for ever. */
  async #answer(session: Session, request: Request, parsedBody: unknown): Promise<Response> {
    if (parsedBody === undefined) return session.transport.handleRequest(request);
    try {
      return await new Promise<Response>((resolve, reject) => {
        const isOver = () => reject(new HttpRefusal(404, "Session not found", -32001));
        session.waiting.add(isOver);
        const done = () => session.waiting.delete(isOver);
        session.transport.handleRequest(request, { parsedBody }).finally(done).then(resolve, reject);
      });
    } finally {
      session.idle?.refresh();
    }
  }

  #createSession(opened: () => void): Session {
    const { enableJsonResponse, createEventStore, idleTimeoutSeconds } = this.#settings;
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      enableJsonResponse,
      ...(createEventStore ? { eventStore: createEventStore() } : {}),
      onsessioninitialized: (id) => {
        session.idle = setTimeout(() => void transport.close(), idleTimeoutSeconds * 1000);
        session.idle.unref();
        this.#sessions.set(id, session);
        opened();
      },
    });
    transport.onclose = () => {
      clearTimeout(session.idle);
      this.#sessions.delete(transport.sessionId ?? "");
      for (const isOver of session.waiting) isOver();
    };
    const session: Session = { transport, open: new OpenRequests(), waiting: new Set(), idle: undefined };
    const send = transport.send.bind(transport);
    transport.send = async (message, options) => {
      if (session.open.sends(message)) await send(message, options);
    };
    return session;
  }
}

/** A request: as a notification it would open a session that nobody answers for. */
function isInitialize(body: unknown): boolean {
  const { method, id } = Object(body) as { readonly method?: unknown; readonly id?: unknown };
  return method === "initialize" && (typeof id === "string" || typeof id === "number");
}
