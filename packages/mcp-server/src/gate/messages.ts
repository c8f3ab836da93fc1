import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from "@modelcontextprotocol/sdk/types.js";

/*
 * JSON-RPC 2.0 messages told apart. By shape, not by the SDK's schemas: transports have validated them already,
 * and the names of those schemas changed between the SDK's minors.
 */

/** What a transport hands over beside a message. */
export type MessageExtra = Parameters<NonNullable<Transport["onmessage"]>>[1];

/** A response that carries a result. */
export interface ResultResponse {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly result: Readonly<Record<string, unknown>>;
}

/** What an error response says. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return "method" in message && "id" in message;
}

export function isResultResponse(message: JSONRPCMessage): message is JSONRPCMessage & ResultResponse {
  return "result" in message && "id" in message;
}

/** The id of the request that `message` answers; `undefined` when it is no response. */
export function answeredId(message: JSONRPCMessage): RequestId | undefined {
  return "method" in message || !("id" in message) ? undefined : message.id;
}

/** The response that refuses the request `id`. */
export function errorResponse(id: RequestId, { code, message, data }: RpcError): JSONRPCMessage {
  return { jsonrpc: "2.0", id, error: data === undefined ? { code, message } : { code, message, data } };
}

const LONGEST_ID = 256;

/** Whether a request's id is one to remember: JSON-RPC leaves its length open, and peers choose it. */
export function isIdTooLong({ id }: JSONRPCRequest): boolean {
  return typeof id === "string" && id.length > LONGEST_ID;
}

/** Whether `value` has the members that the functions here look at, in the types that JSON-RPC gives them. */
export function isMessage(value: unknown): value is JSONRPCMessage {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { id, method, params } = value as Readonly<Record<string, unknown>>;
  if ("id" in value && typeof id !== "string" && typeof id !== "number") return false;
  if (!("method" in value)) return "id" in value;
  return (
    typeof method === "string" && (params === undefined || (typeof params === "object" && params !== null))
  );
}
