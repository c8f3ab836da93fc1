import type { AttestationObserver, Clock } from "@attest/core";
import { causesOf, notify } from "@attest/core/internal";
import type { JsonObject, Message, RequestMessage } from "@attest/core/wire";
import { AttestationRejectedError } from "../errors/attestation-rejected-error.js";
import { UnverifiedServerError } from "../errors/unverified-server-error.js";
import type { ClientEvent } from "../events.js";
import { type ForgettableSession, isSessionUnknown } from "./forgettable-session.js";
import { SessionMemory } from "./session-memory.js";
import { SessionReopening } from "./session-reopening.js";

/** How many sessions may be opened in place of others within {@link WINDOW_SECONDS}: a server may forget each at once. */
const MAX_REOPENINGS = 5;
const WINDOW_SECONDS = 60;

type State =
  | { readonly kind: "open" }
  | { readonly kind: "reopening"; readonly done: Promise<void> }
  /** There is no session. The next request tries to open one. */
  | { readonly kind: "lost" };

export interface SessionKeeperPorts {
  readonly session: ForgettableSession;
  /** Sends a message with evidence where that is due. */
  readonly send: (message: Message) => Promise<void>;
  readonly endSession: () => Promise<void> | undefined;
  /** Tells the client of an error that no request fails with. */
  readonly report: (error: Error) => void;
  /** Takes note that the session is gone, before another is opened. */
  readonly onGone: () => void;
  /** Takes note of how that went: with the server's answer to `initialize`, or `undefined` when there is no session. */
  readonly onSettled: (result: JsonObject | undefined) => void;
  readonly audience: string | null;
  readonly clock: Clock;
  readonly observer: AttestationObserver<ClientEvent> | undefined;
}

/** Keeps a client in a session: it notices that the server has forgotten it, and opens another one, within bounds. */
export class SessionKeeper {
  readonly #ports: SessionKeeperPorts;
  readonly #reopening: SessionReopening;
  /** The errors that a message's own `send` fails with; others are of streams that were to be taken up. */
  readonly #ofMessages = new WeakSet<object>();
  readonly #reopenedAt: number[] = [];
  #memory: SessionMemory | undefined;
  #state: State = { kind: "open" };
  #number = 0;
  #unverified: UnverifiedServerError | undefined;
  #isOver = false;

  constructor(ports: SessionKeeperPorts) {
    this.#ports = ports;
    this.#reopening = new SessionReopening({ ...ports, isOver: () => this.#isOver });
  }

  /** The number of the session that there is, or that is being opened, from 0. */
  get number(): number {
    return this.#number;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  /** Whether the client has closed the connection. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes note of the client's own `initialize`. */
  begin(initialize: RequestMessage): void {
    this.#memory = new SessionMemory(initialize);
  }

  /** Takes note of the server's answer to a request of the client. */
  answered(request: RequestMessage, answer: Message): void {
    this.#memory?.answered(request, answer);
  }

  /** Takes an answer of the server. Returns whether it was to a request of the keeper's own. */
  receive(message: Message): boolean {
    return this.#reopening.receive(message);
  }

  /** Takes note of a server that did not verify this agent. */
  unverified(error: UnverifiedServerError): void {
    this.#unverified = error;
  }

  /** Takes note that the client has ended the session, or closed the connection. */
  end(): void {
    this.#isOver = true;
  }

  /** Whether `error`, with which a message could not be sent, says that the session is unknown. */
  isLoss(error: unknown): error is Error {
    if (!this.#canReopen || !isSessionUnknown(error)) return false;
    this.#ofMessages.add(error as Error);
    return true;
  }

  /** Takes an error of the transport. Returns `"withhold"` when the client is not told, since a new session helps. */
  failed(error: Error): "pass" | "withhold" {
    if (!this.#canReopen || !isSessionUnknown(error)) return "pass";
    // A message's own error comes out of its `send` in the meantime, and is seen to there.
    setTimeout(() => {
      if (this.#ofMessages.has(error) || !this.isOpen || this.#isOver) return;
      this.#reopen().catch(() => undefined);
    }, 0);
    return "withhold";
  }

  /**
   * Waits for a session later than the one with this number.
   *
   * @param refusal the 404 of that session. Rejects with it where there is no new one, unless the server said why not.
   */
  async sessionAfter(number: number, refusal: Error | undefined): Promise<void> {
    try {
      if (this.#state.kind === "reopening") await this.#state.done;
      else if (this.#state.kind === "lost" || number === this.#number) await this.#reopen();
    } catch (error) {
      const isTelling = error instanceof AttestationRejectedError || error instanceof UnverifiedServerError;
      throw isTelling ? error : (refusal ?? error);
    }
  }

  get #canReopen(): boolean {
    if (this.#isOver || this.#memory?.isInitialized !== true) return false;
    return !this.isOpen || this.#ports.session.id !== undefined;
  }

  #reopen(): Promise<void> {
    const memory = this.#memory;
    if (memory === undefined || !this.#mayReopen()) {
      this.#lose();
      const tried = `${MAX_REOPENINGS} new ones within ${WINDOW_SECONDS} s did not help`;
      return Promise.reject(new Error(`the server forgets sessions: ${tried}`));
    }
    // In a later step: what it hands to the client may make the client send something, which then has to wait.
    const done = Promise.resolve().then(() => this.#run(memory));
    this.#state = { kind: "reopening", done };
    return done;
  }

  async #run(memory: SessionMemory): Promise<void> {
    const { onGone, onSettled } = this.#ports;
    const startedAt = performance.now();
    this.#number += 1;
    this.#unverified = undefined;
    onGone();
    try {
      const result = await this.#reopening.run(memory);
      this.#state = { kind: "open" };
      this.#tell({ type: "session_reopened", ...this.#described(startedAt) });
      onSettled(result);
    } catch (error) {
      const reason = this.#unverified ?? error;
      this.#lose();
      onSettled(undefined);
      if (!this.#isOver) this.#tellOfLoss(reason, startedAt);
      throw reason;
    }
  }

  #lose(): void {
    this.#state = { kind: "lost" };
    this.#ports.session.forget();
    this.#ports.session.stopResuming();
  }

  #mayReopen(): boolean {
    const now = this.#ports.clock.now();
    while ((this.#reopenedAt[0] ?? now) <= now - WINDOW_SECONDS) this.#reopenedAt.shift();
    if (this.#reopenedAt.length >= MAX_REOPENINGS) return false;
    this.#reopenedAt.push(now);
    return true;
  }

  #tellOfLoss(cause: unknown, startedAt: number): void {
    this.#tell({ type: "session_lost", ...this.#described(startedAt), cause: causesOf(cause) });
    this.#ports.report(new Error("the server forgot the session, and no new one could be opened", { cause }));
  }

  #described(startedAt: number) {
    return { audience: this.#ports.audience, durationSeconds: (performance.now() - startedAt) / 1000 };
  }

  #tell(event: ClientEvent): void {
    const { observer } = this.#ports;
    if (observer) notify(observer, event);
  }
}
