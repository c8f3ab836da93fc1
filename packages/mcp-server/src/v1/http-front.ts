import { assertOptions, MAX_TIMER_SECONDS, seconds } from "@attest/core/internal";
import { allowOrigin, isPreflight, preflightResponse } from "../http/front/cross-origin.js";
import { allowedOriginOf, type HostsAndOrigins } from "../http/front/host-and-origin.js";
import { HttpRefusal, serverClosing } from "../http/front/http-refusal.js";
import type { HttpReports } from "./http-reports.js";

export interface CloseOptions {
  /** How long requests that are under way may go on, in seconds. Default: 0 s. */
  readonly graceSeconds?: number | undefined;
}

/** A host behind its front door. */
export interface HttpFrontOptions {
  readonly settings: HostsAndOrigins;
  readonly reports: HttpReports;
  /** Returns the number of the session that a request names; `null` where it names none. */
  readonly sessionOf: (request: Request) => number | null;
}

/** The front door of an HTTP host: who may call at all, for which browsers, and what a request gets that fails behind it. */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  #isClosed = false;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Lets nobody in any more. Returns the grace that `close` was given, in seconds. @throws for an option that is wrong. */
  close(options: CloseOptions): number {
    assertOptions("close", options, ["graceSeconds"]);
    const graceSeconds = seconds(0, { max: MAX_TIMER_SECONDS })(options.graceSeconds, "graceSeconds");
    this.#isClosed = true;
    return graceSeconds;
  }

  /** Returns the answer of `answer`, or of the front itself. Never rejects. */
  async handle(request: Request, answer: () => Promise<Response>): Promise<Response> {
    const { settings } = this.#options;
    let origin: string | null = null;
    let response: Response;
    try {
      if (this.#isClosed) throw serverClosing();
      origin = allowedOriginOf(request, settings);
      response = origin !== null && isPreflight(request) ? preflightResponse() : await answer();
    } catch (error) {
      response = this.#refuse(request, error);
    }
    if (origin !== null) allowOrigin(response, origin);
    return response;
  }

  #refuse(request: Request, error: unknown): Response {
    const { reports, sessionOf } = this.#options;
    const isRefusal = error instanceof HttpRefusal;
    if (!isRefusal) reports.failed(error);
    const refusal = isRefusal ? error : new HttpRefusal(500, "Internal error", -32603);
    reports.refused(refusal.status, refusal.message, sessionOf(request));
    return refusal.toResponse();
  }
}
