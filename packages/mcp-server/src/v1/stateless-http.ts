import { errorResponse, isMessage, isRequest, type RequestMessage } from "@attest/core/wire";
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { agentKeyOf } from "../context/agent-key.js";
import { UNATTESTED } from "../context/attestation-context.js";
import type { Step } from "../gate/admission.js";
import { GateReports } from "../gate/gate-reports.js";
import { RequestAdmission } from "../gate/request-admission.js";
import type { Verdict } from "../gate/verdict.js";
import { accessTokenOf } from "../http/front/access-token.js";
import { BodyReader } from "../http/front/body-reader.js";
import { FairShares } from "../http/front/fair-shares.js";
import { HttpRefusal, noBatches, onlyPost, serverClosing } from "../http/front/http-refusal.js";
import { jsonResponse } from "../http/front/json-response.js";
import { assertPostHead } from "../http/front/request-head.js";
import type { RequestExtra } from "../http/node-handler.js";
import { readNodeRequests } from "../http/node-requests.js";
import { ConnectionServers } from "./connection-servers.js";
import { type CloseOptions, HttpFront } from "./http-front.js";
import { HttpReports } from "./http-reports.js";
import { STRANGERS } from "./open-sessions.js";
import { type AdmittedRequest, StatelessExchange } from "./stateless-exchange.js";
import {
  readStatelessHttpOptions,
  type StatelessHttpOptions,
  type StatelessHttpSettings,
} from "./stateless-http-options.js";

/** How often a closing server looks whether its last requests are answered. */
const POLL_MILLISECONDS = 20;

/** The decision on a request, and the verdict on the evidence in it. */
interface Judged {
  readonly step: Step;
  readonly verdict: Verdict | undefined;
}

/**
 * MCP over stateless Streamable HTTP: every request stands alone, carries its own evidence, and gets a server and a
 * transport of its own once its agent is admitted. Any number of processes can serve the same agents. Bounded in requests,
 * time and bytes, with a share for each agent, and closed to web pages.
 */
export class StatelessHttp implements AsyncDisposable {
  readonly #settings: StatelessHttpSettings;
  readonly #bodies: BodyReader;
  readonly #reports: HttpReports;
  readonly #front: HttpFront;
  readonly #denials: GateReports;
  readonly #servers: ConnectionServers;
  readonly #open = new Set<StatelessExchange>();
  readonly #shares: FairShares<StatelessExchange>;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: StatelessHttpOptions) {
    const settings = readStatelessHttpOptions(options);
    const { limits, bodyTimeoutSeconds, gate } = settings;
    this.#settings = settings;
    this.#bodies = new BodyReader({ bytesInFlight: limits.bytesInFlight, bodyTimeoutSeconds });
    this.#reports = new HttpReports(settings);
    this.#front = new HttpFront({ settings, reports: this.#reports, sessionOf: () => null });
    this.#denials = new GateReports(gate, (error) => this.#reports.failed(error));
    this.#servers = new ConnectionServers("StatelessHttp", settings);
    this.#shares = new FairShares({
      total: limits.openRequests,
      shareOf: (holder) =>
        Math.min(
          limits.openRequests,
          holder === STRANGERS ? limits.strangerRequests : limits.openRequestsPerAgent,
        ),
      turnsOver: false,
      mayGo: () => true,
      isIdle: () => false,
      giveUp: (exchange) => void exchange.close(),
    });
    readNodeRequests(this.handle);
  }

  /** How many requests are under way. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Answers a web-standard request. Never rejects: what fails here is told `onerror`, and the client 500.
   *
   * @param extra the body, where a middleware has read it already, and the user that another has authenticated
   */
  readonly handle = (request: Request, extra: RequestExtra = {}): Promise<Response> =>
    this.#front.handle(request, () => this.#answer(request, extra));

  /**
   * Ends every request. Those that come from now on are refused, 503.
   *
   * @throws {TypeError | RangeError} when an option is wrong.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const graceSeconds = this.#front.close(options);
    const end = performance.now() + graceSeconds * 1000;
    while (this.#open.size > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    await Promise.all([...this.#open].map((exchange) => exchange.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: Request, extra: RequestExtra): Promise<Response> {
    if (request.method !== "POST") throw onlyPost();
    assertPostHead(request.headers, SUPPORTED_PROTOCOL_VERSIONS);
    const body = await this.#bodies.read(request, {
      holder: STRANGERS,
      most: this.#settings.limits.bodyBytes,
      parsedBody: extra.parsedBody,
    });
    try {
      const message = body.value;
      if (Array.isArray(message)) throw noBatches();
      if (!isMessage(message)) throw new HttpRefusal(400, "Invalid Request: no JSON-RPC message", -32600);
      // A server that is made for one notification, or one answer, has nobody to do anything for.
      if (!isRequest(message)) return new Response(null, { status: 202 });
      const { step, verdict } = await body.during(this.#judge(message, extra));
      body.release();
      return await this.#take(step, { request, extra, message, verdict });
    } finally {
      body.release();
    }
  }

  /** Decides as the gate of the request's server would, before there is one. */
  async #judge(message: RequestMessage, extra: RequestExtra): Promise<Judged> {
    let verdict: Verdict | undefined;
    const accessToken = accessTokenOf(extra.authInfo);
    const admission = new RequestAdmission({
      settings: this.#settings.gate,
      arrivalOf: () => ({ isHttp: true, isStateless: true, accessToken }),
      handedOver: () => undefined,
      judged: (given) => {
        verdict = given;
        if (given.result === undefined) this.#reports.verifierFailed(given);
      },
      misconfigured: (detail) => this.#reports.failed(new TypeError(detail)),
      renewed: () => undefined,
    });
    return { step: await admission.decide(message, undefined), verdict };
  }

  async #take(step: Step, admitted: AdmittedRequest): Promise<Response> {
    const { message, verdict } = admitted;
    if (step.kind === "acknowledge") return jsonResponse({ jsonrpc: "2.0", id: message.id, result: {} });
    if (step.kind === "refuse") {
      if (step.denial) this.#denials.denied(message, step.denial, UNATTESTED);
      return jsonResponse(errorResponse(message.id, step.error));
    }
    if (step.kind !== "admit") throw new Error(`a request that stands alone cannot ${step.kind}`);
    if (this.#front.isClosed) throw serverClosing();
    const exchange = this.#begin(verdict?.result?.verified ? agentKeyOf(verdict.result) : STRANGERS);
    try {
      return await exchange.answer(await this.#servers.createServer(), admitted);
    } catch (error) {
      await exchange.close();
      throw error;
    }
  }

  /** @throws {HttpRefusal} 503 when there is no room for another request of `holder`. */
  #begin(holder: string): StatelessExchange {
    const { limits, requestTimeoutSeconds, enableJsonResponse } = this.#settings;
    if (!this.#shares.hasRoom(holder)) {
      throw new HttpRefusal(503, "Service Unavailable: too many requests; see limits.openRequests");
    }
    const exchange = new StatelessExchange({
      unsentBytes: limits.unsentBytes,
      requestTimeoutSeconds,
      enableJsonResponse,
      onEnd: (ended) => {
        this.#open.delete(ended);
        this.#shares.release(ended);
      },
      onUnread: () => this.#reports.unreadAnswer(limits.unsentBytes),
      onerror: (error) => this.#reports.failed(error),
    });
    this.#shares.take(holder, exchange);
    this.#open.add(exchange);
    return exchange;
  }
}
