import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { isProvenEach } from "../gate/proof-terms.js";
import { BodyReader } from "../http/front/body-reader.js";
import { HttpRefusal, noBatches, onlyPost, sessionNotFound } from "../http/front/http-refusal.js";
import { assertPostHead } from "../http/front/request-head.js";
import type { RequestExtra } from "../http/node-handler.js";
import { readNodeRequests } from "../http/node-requests.js";
import { type CloseOptions, HttpFront } from "./http-front.js";
import { HttpReports } from "./http-reports.js";
import type { HttpSession } from "./http-session.js";
import {
  type HttpSessionsOptions,
  type HttpSessionsSettings,
  readHttpSessionsOptions,
} from "./http-sessions-options.js";
import { type HttpSessionInfo, OpenSessions } from "./open-sessions.js";
import { SessionOpening } from "./session-opening.js";

/**
 * MCP over stateful Streamable HTTP: a server and a transport for each session, found again by the session's id and
 * closed when they are done or idle. An agent is verified before anything is made for it, so that a refusal leaves
 * nothing behind. Bounded in sessions, time and bytes, with a share for each agent, and closed to web pages.
 */
export class HttpSessions implements AsyncDisposable {
  readonly #settings: HttpSessionsSettings;
  readonly #sessions: OpenSessions;
  readonly #opening: SessionOpening;
  readonly #bodies: BodyReader;
  readonly #reports: HttpReports;
  readonly #isProvenEach: boolean;
  readonly #front: HttpFront;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: HttpSessionsOptions) {
    const settings = readHttpSessionsOptions(options);
    const { limits, bodyTimeoutSeconds } = settings;
    this.#settings = settings;
    this.#isProvenEach = isProvenEach(settings.gate.verifier);
    this.#sessions = new OpenSessions(limits);
    this.#bodies = new BodyReader({ bytesInFlight: limits.bytesInFlight, bodyTimeoutSeconds });
    this.#reports = new HttpReports(settings);
    this.#front = new HttpFront({
      settings,
      reports: this.#reports,
      sessionOf: ({ headers }) => this.#sessions.get(headers.get("mcp-session-id") ?? "")?.ordinal ?? null,
    });
    this.#opening = new SessionOpening({
      settings,
      sessions: this.#sessions,
      bodies: this.#bodies,
      reports: this.#reports,
      isClosed: () => this.#front.isClosed,
    });
    readNodeRequests(this.handle);
  }

  /** Number of open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Lists the open sessions, the oldest first. */
  sessions(): readonly HttpSessionInfo[] {
    return this.#sessions.list();
  }

  /**
   * Answers a web-standard request. Never rejects: what fails here is told `onerror`, and the client 500.
   *
   * @param extra the body, where a middleware has read it already, and the user that another has authenticated
   */
  readonly handle = (request: Request, extra: RequestExtra = {}): Promise<Response> =>
    this.#front.handle(request, () => this.#route(request, extra));

  /**
   * Closes every session. Requests that come from now on are refused, 503.
   *
   * @throws {TypeError | RangeError} when an option is wrong.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const graceSeconds = this.#front.close(options);
    await this.#sessions.closeAll(graceSeconds);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #route(request: Request, extra: RequestExtra): Promise<Response> {
    if (!["GET", "POST", "DELETE"].includes(request.method)) throw new HttpRefusal(405, "Method not allowed");
    const isPost = request.method === "POST";
    // A caller with the session's id alone could listen to its agent's messages, or end the session.
    if (!isPost && this.#isProvenEach) throw onlyPost();
    const sessionId = request.headers.get("mcp-session-id");
    if (sessionId === null && !isPost) {
      throw new HttpRefusal(400, "Bad Request: Mcp-Session-Id header is required");
    }
    const session = sessionId === null ? undefined : this.#sessions.get(sessionId);
    if (sessionId !== null && session === undefined) throw sessionNotFound();
    if (isPost) assertPostHead(request.headers, SUPPORTED_PROTOCOL_VERSIONS);
    return session === undefined
      ? this.#opening.answer(request, extra)
      : this.#continue(session, request, extra);
  }

  async #continue(session: HttpSession, request: Request, extra: RequestExtra): Promise<Response> {
    this.#sessions.touch(session);
    const response = await this.#answerOf(session, request, extra);
    if (response.status >= 400) {
      this.#reports.refused(response.status, "the MCP transport refused the request", session.ordinal);
    }
    return response;
  }

  async #answerOf(session: HttpSession, request: Request, extra: RequestExtra): Promise<Response> {
    if (request.method !== "POST") return session.bodiless(request, extra);
    const { value, release } = await this.#bodies.read(request, {
      holder: session.holder,
      most: this.#settings.limits.bodyBytes,
      parsedBody: extra.parsedBody,
    });
    release();
    if (Array.isArray(value) && this.#isProvenEach) throw noBatches();
    return session.post(request, value, extra);
  }
}
