import type { AttestationError } from "@attest/core";
import type { Message, RpcError } from "@attest/core/wire";
import type { Caller } from "../context/caller.js";
import type { SessionBeginning } from "./gate-reports.js";

/** Decision about one message from the client. The gate alone acts on it. */
export type Step =
  /** The message goes to the server, as a call by `caller`. */
  | {
      readonly kind: "admit";
      readonly message: Message;
      readonly caller: Caller;
      /** The session that begins with the message, and its number where it has one already. */
      readonly begins?: SessionBeginning;
    }
  /** The gate answers in the server's place, if the message is a request. `denial` is for the observer. */
  | { readonly kind: "refuse"; readonly error: RpcError; readonly denial?: AttestationError }
  /** The gate answers that all is well. */
  | { readonly kind: "acknowledge" }
  /** The message waits until the handshake is over, and is decided again. */
  | { readonly kind: "wait" }
  | { readonly kind: "drop" }
  /** `initialize` is answered with an error that tells a nonce, and may come once more within the time for verifying. */
  | { readonly kind: "challenge"; readonly error: RpcError }
  /** The message and all that waits is answered with `error`, and the connection ends. */
  | { readonly kind: "end"; readonly error: RpcError };

/** Decision about a message from the server. */
export type Passage = "pass" | "answers-initialize" | "drop" | "reject";

/** Decides about the messages of one connection. */
export interface Admission {
  /** Whose connection it is, as far as that is known. */
  readonly caller: Caller;
  /**
   * Decides about a message from the client; at once where there is nothing to verify.
   *
   * @param extra what the transport handed over beside the message
   */
  decide(message: Message, extra: unknown): Step | Promise<Step>;
  /** Decides about a message from the server. */
  outgoing(message: Message): Passage;
  /** Nothing passes any more. */
  end(): void;
}

export const DROP: Step = { kind: "drop" };
