import { AttestationError, type AttestationErrorCode } from "@attest/core";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { ANONYMOUS } from "../context/caller.js";
import type { GateSettings } from "./gate-options.js";
import type { GateReports } from "./gate-reports.js";
import { errorResponse, isRequest, type RpcError } from "./messages.js";
import { refusal } from "./refusals.js";

/** What the gate itself sends to the client, in the server's place. None of it rejects. */
export class GateAnswers {
  readonly #settings: Pick<GateSettings, "verifier">;
  readonly #reports: GateReports;
  readonly #toClient: (message: JSONRPCMessage) => Promise<void>;

  constructor(
    settings: Pick<GateSettings, "verifier">,
    reports: GateReports,
    toClient: (message: JSONRPCMessage) => Promise<void>,
  ) {
    this.#settings = settings;
    this.#reports = reports;
    this.#toClient = toClient;
  }

  /** Sends `answer`; settles when it is out, or could not be delivered. */
  async send(answer: JSONRPCMessage): Promise<void> {
    try {
      await this.#toClient(answer);
    } catch (cause) {
      this.#reports.failed("an answer could not be delivered", cause);
    }
  }

  /** Answers the request `id` with `error`. */
  refuse(id: RequestId, error: RpcError): Promise<void> {
    return this.send(errorResponse(id, error));
  }

  /** Refuses a message that nobody has looked at, and tells the observer why. Only requests are answered. */
  deny(
    message: JSONRPCMessage,
    code: AttestationErrorCode,
    detail: string,
    error: RpcError = refusal(code, this.#settings.verifier),
  ): void {
    if (!isRequest(message)) return;
    this.#reports.denied(message, new AttestationError(code, detail), ANONYMOUS.context);
    void this.refuse(message.id, error);
  }
}
