/*
 * JSON-RPC 2.0 messages as MCP sends them, told apart by their shape. The types are structural, so that messages of any
 * MCP SDK fit them and none is needed here.
 */

/** A request's id (JSON-RPC 2.0 §4). */
export type RequestId = string | number;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A request, which is answered. */
export interface RequestMessage {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly method: string;
  readonly params?: JsonObject | undefined;
}

/** A request without an id, which is not answered. */
export interface NotificationMessage {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: JsonObject | undefined;
}

/** A response that carries a result. */
export interface ResultMessage {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly result: JsonObject;
}

/** The error in a response (JSON-RPC 2.0 §5.1). */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A response that carries an error. Only an answer to what could not be read has no id. */
export interface ErrorMessage {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId | undefined;
  readonly error: RpcError;
}

export type Message = RequestMessage | NotificationMessage | ResultMessage | ErrorMessage;

/** The longest id of a request that is remembered, in characters: peers choose ids, and JSON-RPC sets no bound. */
export const MAX_ID_LENGTH = 256;

/** Whether `message` asks for an answer. */
export function isRequest(message: Message): message is RequestMessage {
  return "method" in message && "id" in message;
}

/** Whether `message` is a response with a result. */
export function isResult(message: Message): message is ResultMessage {
  return "result" in message && "id" in message;
}

/** Whether a request's id is longer than {@link MAX_ID_LENGTH}. */
export function isIdTooLong({ id }: RequestMessage): boolean {
  return typeof id === "string" && id.length > MAX_ID_LENGTH;
}

/** Whether `value` can be a request's id. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || typeof value === "number";
}

/** The id of the request that `message` answers; `undefined` when `message` is no response. */
export function answeredId(message: Message): RequestId | undefined {
  return "method" in message || !("id" in message) ? undefined : message.id;
}

/** The id of the request that `message` cancels; `undefined` when `message` cancels no request. */
export function cancelledId(message: Message): RequestId | undefined {
  if (!("method" in message) || "id" in message || message.method !== "notifications/cancelled") {
    return undefined;
  }
  const id = message.params?.["requestId"];
  return isRequestId(id) ? id : undefined;
}

/** The response that answers the request `id` with an error. */
export function errorResponse(id: RequestId, { code, message, data }: RpcError): ErrorMessage {
  return { jsonrpc: "2.0", id, error: data === undefined ? { code, message } : { code, message, data } };
}

/** Whether `value` has the members that the functions here look at, in the types that JSON-RPC gives them. */
export function isMessage(value: unknown): value is Message {
  const message = asObject(value);
  if (message === undefined) return false;
  const { id, method, params } = message;
  if ("id" in message && !isRequestId(id)) return false;
  if (!("method" in message)) return "id" in message;
  return (
    typeof method === "string" && (params === undefined || (typeof params === "object" && params !== null))
  );
}

/** `value` as a JSON object; `undefined` when it is something else, such as a list. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
