import { jsonResponse } from "./json-response.js";

/** How long a caller that found no room should wait before it tries again. */
const RETRY_AFTER_SECONDS = 5;

/** A request that no session gets to see, and what it is answered with. */
export class HttpRefusal extends Error {
  override readonly name = "HttpRefusal";
  readonly status: number;
  /** The JSON-RPC error code in the answer's body. */
  readonly code: number;
  readonly #allow: string;

  /** @param allow the methods that are served, for the status 405 */
  constructor(status: number, message: string, code = -32000, allow = "GET, POST, DELETE") {
    super(message);
    this.#allow = allow;
    this.status = status;
    this.code = code;
  }

  /** Returns the answer: a JSON-RPC error that belongs to no request. */
  toResponse(): Response {
    const error = { code: this.code, message: this.message };
    return jsonResponse(
      { jsonrpc: "2.0", id: null, error },
      { status: this.status, headers: this.#headers() },
    );
  }

  #headers(): Record<string, string> {
    if (this.status === 503) return { "retry-after": String(RETRY_AFTER_SECONDS) };
    return this.status === 405 ? { allow: this.#allow } : {};
  }
}

/** Returns the refusal of a request whose session is unknown, or over. */
export function sessionNotFound(): HttpRefusal {
  return new HttpRefusal(404, "Session not found", -32001);
}

/** Returns the refusal of a method that is not served, since each request has to carry its own proof. */
export function onlyPost(): HttpRefusal {
  return new HttpRefusal(405, "Method not allowed: each request stands alone", -32000, "POST");
}

/** Returns the refusal of a batch, which could not carry one proof for each of its requests. */
export function noBatches(): HttpRefusal {
  return new HttpRefusal(400, "Invalid Request: no batches, since each request stands alone", -32600);
}

/** Returns the refusal of a request that comes while the server closes. */
export function serverClosing(): HttpRefusal {
  return new HttpRefusal(503, "Service Unavailable: the server is closing");
}
