import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import type { AttestationDeniedError } from "../guard/attestation-denied-error.js";
import { answeredId, errorResponse, isResultResponse } from "./messages.js";

const MAX_ENTRIES = 1024;

/**
 * Which requests a guard denied. `McpServer` turns an error thrown by a tool into a result with `isError`, and
 * its code is lost; with this the gate answers with the error that was thrown.
 */
export class DenialLog {
  readonly #denials = new Map<RequestId, AttestationDeniedError>();

  /** A request that is cancelled is never answered, so only the latest are kept. */
  note(id: RequestId, denial: AttestationDeniedError): void {
    this.#denials.set(id, denial);
    const [oldest] = this.#denials.keys();
    if (this.#denials.size > MAX_ENTRIES && oldest !== undefined) this.#denials.delete(oldest);
  }

  /** Another request comes under this id: what became of the one before no longer matters. */
  forget(id: RequestId): void {
    if (this.#denials.size > 0) this.#denials.delete(id);
  }

  /** The message to send: the denial in place of the tool result or the error that was made of it, otherwise `message`. */
  restore(message: JSONRPCMessage): JSONRPCMessage {
    if (this.#denials.size === 0) return message;
    const id = answeredId(message);
    const denial = id === undefined ? undefined : this.#denials.get(id);
    if (id === undefined || denial === undefined) return message;
    this.#denials.delete(id);
    const isSuccess = isResultResponse(message) && message.result["isError"] !== true;
    return isSuccess ? message : errorResponse(id, denial);
  }
}
