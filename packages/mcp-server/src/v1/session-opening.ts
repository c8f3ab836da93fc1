import { randomUUID } from "node:crypto";
import { systemClock } from "@attest/core";
import { errorResponse, evidenceIn, type RequestMessage } from "@attest/core/wire";
import { agentKeyOf } from "../context/agent-key.js";
import { decideHandshake } from "../gate/decisions.js";
import { nextSession } from "../gate/gate-reports.js";
import { judge, type Verdict } from "../gate/verdict.js";
import { accessTokenOf } from "../http/front/access-token.js";
import type { BodyReader } from "../http/front/body-reader.js";
import { HttpRefusal, serverClosing } from "../http/front/http-refusal.js";
import { jsonResponse } from "../http/front/json-response.js";
import type { RequestExtra } from "../http/node-handler.js";
import { ConnectionServers } from "./connection-servers.js";
import type { HttpReports } from "./http-reports.js";
import { HttpSession } from "./http-session.js";
import type { HttpSessionsSettings } from "./http-sessions-options.js";
import { type OpenSessions, STRANGERS } from "./open-sessions.js";
import { readInitialize } from "./read-initialize.js";

export interface SessionOpeningOptions {
  readonly settings: HttpSessionsSettings;
  readonly sessions: OpenSessions;
  readonly bodies: BodyReader;
  readonly reports: HttpReports;
  /** Whether no session may begin any more. */
  readonly isClosed: () => boolean;
}

/** The beginning of sessions: an agent is verified before a session, a server or a transport is made for it. */
export class SessionOpening {
  readonly #options: SessionOpeningOptions;
  readonly #servers: ConnectionServers;

  constructor(options: SessionOpeningOptions) {
    this.#options = options;
    this.#servers = new ConnectionServers("HttpSessions", options.settings);
  }

  /**
   * Answers a request that names no session: an `initialize`, on which is decided from its body alone.
   *
   * @throws {HttpRefusal} when it is something else, too large or too late, or when there is no room.
   */
  async answer(request: Request, extra: RequestExtra): Promise<Response> {
    const { bodies, sessions, reports, settings } = this.#options;
    const { gate, limits } = settings;
    const body = await bodies.read(request, {
      holder: STRANGERS,
      most: Math.min(limits.initializeBytes, limits.bodyBytes),
      parsedBody: extra.parsedBody,
    });
    try {
      const initialize = readInitialize(body.value);
      // No token is burned for a session that nobody could get.
      if (!sessions.hasRoom()) throw noSession();
      const verdict = await body.during(
        judge(evidenceIn(initialize), initialize, gate, accessTokenOf(extra.authInfo)),
      );
      const decision = decideHandshake(verdict, gate.verifier);
      if (decision.kind === "admit") return await this.#open(request, extra, initialize, verdict);
      if (verdict.result === undefined) reports.verifierFailed(verdict);
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
    const { sessions, isClosed } = this.#options;
    if (isClosed()) throw serverClosing();
    const holder = verdict.result?.verified ? agentKeyOf(verdict.result) : STRANGERS;
    if (!sessions.hasRoom(holder)) throw noSession();
    const session = this.#createSession(holder, verdict);
    sessions.reserve(session);
    try {
      const server = await this.#servers.createServer();
      const response = await session.open(server, { request, extra, initialize, verdict });
      if (!session.isOver) sessions.add(session);
      if (isClosed()) await session.close();
      return response;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #createSession(holder: string, { result }: Verdict): HttpSession {
    const { sessions, reports, settings } = this.#options;
    const { limits, idleTimeoutSeconds, enableJsonResponse, sessionIdPrefix } = settings;
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
      onerror: (error) => reports.failed(error),
      onEnd: (session) => sessions.remove(session),
      onUnread: ({ ordinal }) => reports.unread(ordinal, limits.unsentBytes),
    });
  }
}

function noSession(): HttpRefusal {
  return new HttpRefusal(503, "Service Unavailable: too many sessions; see limits.sessions");
}
