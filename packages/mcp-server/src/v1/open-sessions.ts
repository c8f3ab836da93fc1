import { FairShares } from "../http/front/fair-shares.js";
import type { HttpLimits } from "./http-limits.js";
import type { HttpSession } from "./http-session.js";

/** An open session, as an operator may see it. */
export interface HttpSessionInfo {
  /** The number of the session, as in events. */
  readonly session: number;
  /** The beginning of the session's id. The whole id lets anybody act as the agent. */
  readonly idPrefix: string;
  /** The agent's SPIFFE ID when the session began; `null` when it was not attested. */
  readonly subject: string | null;
  /** In seconds since the Unix epoch. */
  readonly openedAt: number;
  /** Number of unanswered requests. */
  readonly openRequests: number;
}

/** The holder of the sessions of all callers together that are not verified. */
export const STRANGERS = "strangers";

/** Number of characters of a UUID that are left out where a session's id is shown. */
const HIDDEN_CHARACTERS = 28;

/** How often a closing server looks whether its last requests are answered. */
const POLL_MILLISECONDS = 20;

/** The sessions that are open, by their ids, and the shares of those that are open or opening. */
export class OpenSessions {
  readonly #sessions = new Map<string, HttpSession>();
  readonly #shares: FairShares<HttpSession>;

  constructor(limits: Pick<HttpLimits, "sessions" | "sessionsPerAgent" | "strangerSessions">) {
    this.#shares = new FairShares({
      total: limits.sessions,
      shareOf: (holder) =>
        Math.min(limits.sessions, holder === STRANGERS ? limits.strangerSessions : limits.sessionsPerAgent),
      turnsOver: false,
      mayGo: ({ id }) => this.#sessions.has(id),
      isIdle: ({ openRequests }) => openRequests === 0,
      giveUp: (session) => void session.close(),
    });
  }

  /** Number of open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): HttpSession | undefined {
    return this.#sessions.get(id);
  }

  /** Lists the open sessions, the oldest first. */
  list(): readonly HttpSessionInfo[] {
    return [...this.#sessions.values()].map(({ ordinal, id, subject, openedAt, openRequests }) => {
      return { session: ordinal, idPrefix: id.slice(0, -HIDDEN_CHARACTERS), subject, openedAt, openRequests };
    });
  }

  /** Whether `holder` could get a session now; without a holder, whether anybody could. */
  hasRoom(holder?: string): boolean {
    return this.#shares.hasRoom(holder);
  }

  /** Counts a session that is opening. It may take the place of another, which is closed. */
  reserve(session: HttpSession): void {
    this.#shares.take(session.holder, session);
  }

  /** Has an opening session found by its id. */
  add(session: HttpSession): void {
    this.#sessions.set(session.id, session);
  }

  /** Notes that a session is in use, so that others make room before it. */
  touch(session: HttpSession): void {
    this.#shares.touch(session);
  }

  remove(session: HttpSession): void {
    this.#sessions.delete(session.id);
    this.#shares.release(session);
  }

  /** Closes every session, after `graceSeconds` at most: earlier when no request is unanswered. */
  async closeAll(graceSeconds: number): Promise<void> {
    const end = performance.now() + graceSeconds * 1000;
    const isBusy = () => [...this.#sessions.values()].some(({ openRequests }) => openRequests > 0);
    while (isBusy() && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }
}
