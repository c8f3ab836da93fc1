import { jsonResponse } from "./json-response.js";

/** How long a caller that found no room should wait before it tries again. */
const RETRY_AFTER_SECONDS = 5;

/** The methods that Streamable HTTP has. */
const METHODS = "GET, POST, DELETE";

/** A request that no session gets to see, and what it is answered with. */
export class HttpRefusal extends Error {
  override readonly name = "HttpRefusal";
  readonly status: number;
  /** The JSON-RPC error code in the answer's body. */
  readonly code: number;

  constructor(status: number, message: string, code = -32000) {
    super(message);
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
    return this.status === 405 ? { allow: METHODS } : {};
  }
}

/** Returns the refusal of a request whose session is unknown, or over. */
export function sessionNotFound(): HttpRefusal {
  return new HttpRefusal(404, "Session not found", -32001);
}

/** Returns the refusal of a request that comes while the server closes. */
export function serverClosing(): HttpRefusal {
  return new HttpRefusal(503, "Service Unavailable: the server is closing");
}
