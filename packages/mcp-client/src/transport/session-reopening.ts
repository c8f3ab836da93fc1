import { printable, withDeadline } from "@attest/core/internal";
import {
  answeredId,
  asObject,
  isResult,
  type JsonObject,
  type Message,
  type RequestId,
  type ResultMessage,
  type RpcError,
} from "@attest/core/wire";
import { asRejection } from "../errors/attestation-rejected-error.js";
import type { ForgettableSession } from "./forgettable-session.js";
import type { Restoring, SessionMemory } from "./session-memory.js";

/** How long a reopening may take to its `initialize`, the token included, in seconds. */
const HANDSHAKE_SECONDS = 30;
/** How long the server may take to restore one thing, in seconds. */
const RESTORE_SECONDS = 10;
/** The pauses before `initialize` is tried again where it did not get through, in seconds. */
const PAUSES: readonly number[] = [0.25, 1];
/** How many subscriptions are restored at a time. */
const AT_ONCE = 8;

export interface ReopeningPorts {
  readonly session: ForgettableSession;
  /** Sends a message with evidence where that is due. */
  readonly send: (message: Message) => Promise<void>;
  /** Ends the session at the server. */
  readonly endSession: () => Promise<void> | undefined;
  /** Tells the client of what could not be restored. */
  readonly report: (error: Error) => void;
  /** Whether the client has closed the connection. */
  readonly isOver: () => boolean;
}

/** The opening of a session in place of one that the server has forgotten: the handshake, and what is to be restored. */
export class SessionReopening {
  readonly #ports: ReopeningPorts;
  readonly #waiting = new Map<RequestId, (answer: Message) => void>();
  #requests = 0;

  constructor(ports: ReopeningPorts) {
    this.#ports = ports;
  }

  /** Takes an answer of the server. Returns whether it was to a request of this object's own. */
  receive(message: Message): boolean {
    const id = answeredId(message);
    if (typeof id !== "string" || !id.startsWith("attest-reopening:")) return false;
    this.#waiting.get(id)?.(message);
    return true;
  }

  /**
   * Opens a session like the one in `memory`. Returns the server's new answer to `initialize`.
   *
   * @throws {AttestationRejectedError} when the server refuses the agent now.
   */
  async run(memory: SessionMemory): Promise<JsonObject> {
    const { session, send, endSession } = this.#ports;
    session.forget();
    const { result } = await this.#initialize(memory);
    const { protocolVersion } = result;
    try {
      if (typeof protocolVersion === "string") session.negotiated(protocolVersion);
      session.stopResuming();
      await send({ jsonrpc: "2.0", method: "notifications/initialized" });
      const restoring = memory.restoring();
      for (let first = 0; first < restoring.length; first += AT_ONCE) {
        const some = restoring.slice(first, first + AT_ONCE);
        await Promise.all(some.map((each) => this.#restore(each, memory)));
      }
      return result;
    } catch (error) {
      await endSession();
      session.forget();
      throw error;
    }
  }

  async #initialize({ initialize: { method, params = {} } }: SessionMemory): Promise<ResultMessage> {
    const { isOver } = this.#ports;
    const startedAt = performance.now();
    for (let attempt = 0; ; attempt++) {
      const pause = PAUSES[attempt];
      try {
        const elapsed = (performance.now() - startedAt) / 1000;
        const answer = await this.#ask({ method, params }, HANDSHAKE_SECONDS - elapsed);
        if (isResult(answer)) return answer;
        throw new Refused(answer, method);
      } catch (error) {
        if (error instanceof Refused) throw error.reason;
        const isLate = performance.now() - startedAt > (HANDSHAKE_SECONDS / 2) * 1000;
        if (pause === undefined || isLate || isOver()) throw error;
        await sleep(pause * 1000);
        if (isOver()) throw error;
      }
    }
  }

  async #restore(restoring: Restoring, memory: SessionMemory): Promise<void> {
    const answer = await this.#ask(restoring, RESTORE_SECONDS);
    if (isResult(answer)) return;
    memory.forget(restoring);
    this.#ports.report(
      new Error(`the server did not restore ${restoring.method} in the new session`, {
        cause: new Refused(answer, restoring.method).reason,
      }),
    );
  }

  async #ask({ method, params }: Restoring, seconds: number): Promise<Message> {
    const id = `attest-reopening:${++this.#requests}`;
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    const sent = this.#ports.send({ jsonrpc: "2.0", id, method, params });
    try {
      const late = () => new Error(`the server did not answer ${method} in time`);
      return await withDeadline(
        sent.then(() => answered),
        seconds,
        late,
      );
    } finally {
      this.#waiting.delete(id);
    }
  }
}

/** An answer that is an error: asking again would not change it. */
class Refused extends Error {
  readonly reason: unknown;

  constructor(answer: Message, method: string) {
    super("refused");
    const { code, message, data } = (asObject(answer) as { readonly error?: RpcError }).error ?? {};
    const error = Object.assign(new Error(printable(String(message))), { code, data });
    this.reason = asRejection(error, method);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
