/** A request that no session gets to see: what to answer it with. */
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

  /** The answer: a JSON-RPC error that belongs to no request. */
  toResponse(): Response {
    const error = { code: this.code, message: this.message };
    return Response.json({ jsonrpc: "2.0", id: null, error }, { status: this.status });
  }
}
