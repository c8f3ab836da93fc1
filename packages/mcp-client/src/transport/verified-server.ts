import { type AttestationStatus, type Message, VerificationStatus } from "@attest/core/wire";
import { UnverifiedServerError } from "../errors/unverified-server-error.js";

/** Messages that every client may send to a server that has verified nobody yet. */
const OPEN_METHODS: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "server/discover",
  "notifications/cancelled",
]);

/**
 * The demand for a server that verified this agent (`requireVerification`). Until a server says so nothing but the
 * handshake goes out to it, and none of its requests comes in, since they would be answered.
 */
export class VerifiedServer {
  #isVerified = false;
  #said: VerificationStatus = VerificationStatus.NOT_PROVIDED;

  /** Takes note that a handshake begins, with a server that has verified nobody yet. */
  begin(): void {
    this.#isVerified = false;
    this.#said = VerificationStatus.NOT_PROVIDED;
  }

  /** Takes note of what the server says in its answer to `initialize`. Returns whether it verified this agent. */
  initialized(status: AttestationStatus | undefined): boolean {
    this.#said = status?.verificationStatus ?? VerificationStatus.NOT_PROVIDED;
    this.#isVerified = this.#said === VerificationStatus.VERIFIED;
    return this.#isVerified;
  }

  get error(): UnverifiedServerError {
    return new UnverifiedServerError(this.#said);
  }

  /** Whether the client may send `message`. */
  letsOut(message: Message): boolean {
    return this.#isVerified || !("method" in message) || OPEN_METHODS.has(message.method);
  }

  /** Whether the client may get `message`. */
  letsIn(message: Message): boolean {
    return this.#isVerified || !("method" in message && "id" in message) || message.method === "ping";
  }
}
