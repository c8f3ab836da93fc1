import { randomUUID } from "node:crypto";
import { systemClock } from "@attest/core";
import { assertOptions, causesOf, MAX_TIMER_SECONDS, notify, seconds } from "@attest/core/internal";
import { errorResponse, evidenceIn, type RequestMessage } from "@attest/core/wire";
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { agentKeyOf } from "../context/agent-key.js";
import type { GateEvent } from "../events.js";
import { decideHandshake } from "../gate/decisions.js";
import { nextSession } from "../gate/gate-reports.js";
import { judge, type Verdict } from "../gate/verdict.js";
import { BodyReader } from "../http/front/body-reader.js";
import { allowOrigin, isPreflight, preflightResponse } from "../http/front/cross-origin.js";
import { FairShares } from "../http/front/fair-shares.js";
import { allowedOriginOf } from "../http/front/host-and-origin.js";
import { HttpRefusal, sessionNotFound } from "../http/front/http-refusal.js";
import { jsonResponse } from "../http/front/json-response.js";
import { assertPostHead } from "../http/front/request-head.js";
import type { RequestExtra } from "../http/node-handler.js";
import { readNodeRequests } from "../http/node-requests.js";
import { HttpSession } from "./http-session.js";
import {
  type HttpSessionsOptions,
  type HttpSessionsSettings,
  readHttpSessionsOptions,
} from "./http-sessions-options.js";
import { readInitialize } from "./read-initialize.js";
import { SessionServers } from "./session-servers.js";

/** An open session, as an operator may see it. */
export interface HttpSessionInfo {
  /** The number of the session, as in events. */
  readonly session: number;
  /** The beginning of the session's id. The whole id lets anybody act as the agent. */
  readonly idPrefix: string;
  /** The agent's SPIFFE ID when the session began; `null` when it was not attested. */
  readonly subject: string | null;
  /** In seconds since the Unix epoch. */
  readonly openedAt: number;
  /** How many requests are unanswered. */
  readonly openRequests: number;
}

export interface CloseOptions {
  /** How long requests that are under way may go on, in seconds. Default: 0 s. */
  readonly graceSeconds?: number | undefined;
}

/** The holder of the sessions of all callers together that are not verified. */
const STRANGERS = "strangers";

/** How much of a UUID is left out where a session's id is shown. */
const HIDDEN_CHARACTERS = 28;

/** How often a closing server looks whether its last requests are answered. */
const POLL_MILLISECONDS = 20;

/**
 * MCP over stateful Streamable HTTP: a server and a transport for each session, found again by the session's id and
 * closed when they are done or idle. An agent is verified before anything is made for it, so that a refusal leaves
 * nothing behind. Bounded in sessions, time and bytes, with a share for each agent, and closed to web pages.
 */
export class HttpSessions implements AsyncDisposable {
  readonly #settings: HttpSessionsSettings;
  readonly #servers: SessionServers;
  readonly #bodies: BodyReader;
  readonly #sessions = new Map<string, HttpSession>();
  /** Sessions that are open or opening. */
  readonly #shares: FairShares<HttpSession>;
  #closed = false;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: HttpSessionsOptions) {
    this.#settings = readHttpSessionsOptions(options);
    const { limits, bodyTimeoutSeconds } = this.#settings;
    this.#servers = new SessionServers(this.#settings);
    this.#bodies = new BodyReader({ bytesInFlight: limits.bytesInFlight, bodyTimeoutSeconds });
    this.#shares = new FairShares({
      total: limits.sessions,
      shareOf: (holder) =>
        Math.min(limits.sessions, holder === STRANGERS ? limits.strangerSessions : limits.sessionsPerAgent),
      turnsOver: false,
      mayGo: ({ id }) => this.#sessions.has(id),
      isIdle: ({ openRequests }) => openRequests === 0,
      giveUp: (session) => void session.close(),
    });
    readNodeRequests(this.handle);
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Lists the open sessions, the oldest first. */
  sessions(): readonly HttpSessionInfo[] {
    return [...this.#sessions.values()].map(({ ordinal, id, subject, openedAt, openRequests }) => {
      return { session: ordinal, idPrefix: id.slice(0, -HIDDEN_CHARACTERS), subject, openedAt, openRequests };
    });
  }

  /**
   * Answers a web-standard request. Never rejects: what fails here is told `onerror`, and the client 500.
   *
   * @param extra the body, where a middleware has read it already, and the user that another has authenticated
   */
  readonly handle = async (request: Request, extra: RequestExtra = {}): Promise<Response> => {
    let origin: string | null = null;
    let response: Response;
    try {
      if (this.#closed) throw new HttpRefusal(503, "Service Unavailable: the server is closing");
      origin = allowedOriginOf(request, this.#settings);
      response = await this.#route(request, extra, origin);
    } catch (error) {
      response = this.#refuse(request, error);
    }
    if (origin !== null) allowOrigin(response, origin);
    return response;
  };

  /**
   * Closes every session. Requests that come from now on are refused, 503.
   *
   * @throws {TypeError | RangeError} when an option is wrong.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    assertOptions("close", options, ["graceSeconds"]);
    const grace = seconds(0, { max: MAX_TIMER_SECONDS })(options.graceSeconds, "graceSeconds");
    this.#closed = true;
    const end = performance.now() + grace * 1000;
    const isBusy = () => [...this.#sessions.values()].some(({ openRequests }) => openRequests > 0);
    while (isBusy() && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #route(request: Request, extra: RequestExtra, origin: string | null): Promise<Response> {
    if (origin !== null && isPreflight(request)) return Promise.resolve(preflightResponse());
    if (!["GET", "POST", "DELETE"].includes(request.method)) throw new HttpRefusal(405, "Method not allowed");
    const sessionId = request.headers.get("mcp-session-id");
    if (sessionId !== null) return this.#continue(sessionId, request, extra);
    if (request.method === "POST") return this.#begin(request, extra);
    throw new HttpRefusal(400, "Bad Request: Mcp-Session-Id header is required");
  }

  async #continue(sessionId: string, request: Request, extra: RequestExtra): Promise<Response> {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw sessionNotFound();
    this.#shares.touch(session);
    const response = await this.#answerOf(session, request, extra);
    if (response.status >= 400) {
      const reason = "the MCP transport refused the request";
      this.#record({ type: "http_refused", status: response.status, reason, session: session.ordinal });
    }
    return response;
  }

  async #answerOf(session: HttpSession, request: Request, extra: RequestExtra): Promise<Response> {
    if (request.method !== "POST") return session.bodiless(request, extra);
    assertPostHead(request.headers, SUPPORTED_PROTOCOL_VERSIONS);
    const { value, release } = await this.#bodies.read(request, {
      holder: session.holder,
      most: this.#settings.limits.bodyBytes,
      parsedBody: extra.parsedBody,
    });
    release();
    return session.post(request, value, extra);
  }

  /** Decides on what would begin a session before anything is made for it. */
  async #begin(request: Request, extra: RequestExtra): Promise<Response> {
    assertPostHead(request.headers, SUPPORTED_PROTOCOL_VERSIONS);
    const { gate, limits } = this.#settings;
    const body = await this.#bodies.read(request, {
      holder: STRANGERS,
      most: Math.min(limits.initializeBytes, limits.bodyBytes),
      parsedBody: extra.parsedBody,
    });
    try {
      const initialize = readInitialize(body.value);
      // No token is burned for a session that nobody could get.
      if (!this.#shares.hasRoom()) throw noSession();
      const verdict = await body.during(judge(evidenceIn(initialize), initialize, gate));
      const decision = decideHandshake(verdict, gate.verifier);
      if (decision.kind === "admit") return await this.#open(request, extra, initialize, verdict);
      if (verdict.result === undefined) this.#tellOfVerifier(verdict);
      return jsonResponse(errorResponse(initialize.id, decision.error));
    } finally {
      body.release();
    }
  }

  async #open(
    request: Request,
    extra: RequestExtra,
    initialize: RequestMessage,
    verdict: Verdict,
  ): Promise<Response> {
    if (this.#closed) throw new HttpRefusal(503, "Service Unavailable: the server is closing");
    const holder = verdict.result?.verified ? agentKeyOf(verdict.result) : STRANGERS;
    if (!this.#shares.hasRoom(holder)) throw noSession();
    const session = this.#createSession(holder, verdict);
    this.#shares.take(holder, session);
    try {
      const response = await session.open(await this.#servers.createServer(), {
        request,
        extra,
        initialize,
        verdict,
      });
      if (!session.isOver) this.#sessions.set(session.id, session);
      if (this.#closed) await session.close();
      return response;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #createSession(holder: string, { result }: Verdict): HttpSession {
    const { limits, idleTimeoutSeconds, enableJsonResponse, sessionIdPrefix } = this.#settings;
    const eventStore = this.#servers.createEventStore();
    return new HttpSession({
      id: sessionIdPrefix === undefined ? randomUUID() : `${sessionIdPrefix}.${randomUUID()}`,
      ordinal: nextSession(),
      holder,
      subject: result?.verified ? result.subject : null,
      openedAt: systemClock.now(),
      limits,
      idleTimeoutSeconds,
      enableJsonResponse,
      eventStore,
      onerror: (error) => this.#tell(error),
      onEnd: (session) => {
        this.#sessions.delete(session.id);
        this.#shares.release(session);
      },
      onUnread: ({ ordinal }) => {
        const reason = `the client leaves more than ${limits.unsentBytes} bytes unread, so its session ends; see limits.unsentBytes`;
        this.#record({ type: "http_refused", status: 503, reason, session: ordinal });
        this.#tell(new Error(`session ${ordinal}: ${reason}`));
      },
    });
  }

  #refuse(request: Request, error: unknown): Response {
    const isRefusal = error instanceof HttpRefusal;
    if (!isRefusal) this.#tell(error);
    const refusal = isRefusal ? error : new HttpRefusal(500, "Internal error", -32603);
    const session = this.#sessions.get(request.headers.get("mcp-session-id") ?? "")?.ordinal ?? null;
    this.#record({ type: "http_refused", status: refusal.status, reason: refusal.message, session });
    return refusal.toResponse();
  }

  #tellOfVerifier({ failure }: Verdict): void {
    const detail = "the verifier failed";
    this.#record({ type: "gate_error", detail, cause: causesOf(failure) });
    this.#tell(new Error(detail, { cause: failure }));
  }

  #record(event: GateEvent): void {
    const { observer } = this.#settings.gate;
    if (observer !== undefined) notify(observer, event);
  }

  #tell(error: unknown): void {
    try {
      this.#settings.onerror(error);
    } catch {
      // Nobody is left to be told.
    }
  }
}

function noSession(): HttpRefusal {
  return new HttpRefusal(503, "Service Unavailable: too many sessions; see limits.sessions");
}
