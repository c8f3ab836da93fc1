import { AttestationErrorCode } from "@attest/core";
import { causesOf, notify } from "@attest/core/internal";
import type { Evidence } from "@attest/core/wire";
import type { ClientEvent } from "../events.js";
import { TokenLife } from "./token-life.js";
import type { TokenSettings } from "./token-source.js";
import { readUnverifiedClaims } from "./unverified-claims.js";

/** The tokens of one connection, on their way from the source to the server, and what the observer is told of them. */
export class TokenFetching {
  readonly #settings: TokenSettings;
  readonly #report: (error: Error) => void;
  readonly #life: TokenLife;
  #isRenewing = false;

  /** @param report tells the client that no fresh token could be had in time */
  constructor(settings: TokenSettings, report: (error: Error) => void) {
    this.#settings = settings;
    this.#report = report;
    this.#life = new TokenLife(settings.clock);
  }

  /** Whether a fresh token is to take the place of the last one, and none is on its way. */
  get isDue(): boolean {
    return !this.#isRenewing && this.#life.isDue;
  }

  /** Returns a fresh token. Rejects with the source's own error. */
  async fetch(type: "token_fetched" | "token_renewed"): Promise<Evidence> {
    const { getToken, audience, observer } = this.#settings;
    const startedAt = observer === undefined ? 0 : performance.now();
    const elapsed = () => (performance.now() - startedAt) / 1000;
    try {
      const token = await getToken();
      this.#life.begin(token);
      if (observer) notify(observer, { type, ...describe(token, audience), durationSeconds: elapsed() });
      return { token };
    } catch (error) {
      if (observer) {
        notify<ClientEvent>(observer, {
          type: "token_refused",
          by: "source",
          audience,
          durationSeconds: elapsed(),
          cause: causesOf(error),
        });
      }
      throw error;
    }
  }

  /** Returns a fresh token, or `undefined` when there is none: the old one still has some of its life before it. */
  async renew(): Promise<Evidence | undefined> {
    this.#isRenewing = true;
    try {
      return await this.fetch("token_renewed");
    } catch (cause) {
      this.#report(new Error("the session's token could not be renewed", { cause }));
      return undefined;
    } finally {
      this.#isRenewing = false;
    }
  }

  /** Tells the observer that the server refused `evidence`. */
  tellRefused(evidence: Evidence | undefined, code: number | undefined): void {
    const { audience, observer } = this.#settings;
    if (observer === undefined || evidence === undefined || !isCode(code)) return;
    notify(observer, { type: "token_refused", by: "server", ...describe(evidence.token, audience), code });
  }
}

function describe(token: string, audience: string | null) {
  const { jti, expiresAt } = readUnverifiedClaims(token);
  return { audience, jti, expiresAt };
}

function isCode(value: number | undefined): value is AttestationErrorCode {
  return Object.values<number | undefined>(AttestationErrorCode).includes(value);
}
