import { AttestationErrorCode } from "@attest/core";
import { causesOf, notify } from "@attest/core/internal";
import { type AttestationStatus, type Evidence, type Refusal, VerificationStatus } from "@attest/core/wire";
import type { ClientEvent } from "../events.js";
import type { EvidenceStrategy, PresentedRequest } from "./evidence-strategy.js";
import { TokenLife } from "./token-life.js";
import type { TokenSettings } from "./token-source.js";
import { readUnverifiedClaims } from "./unverified-claims.js";

export interface BearerPorts {
  /** Tells the client that no fresh token could be had in time. */
  readonly report: (error: Error) => void;
}

/**
 * Evidence by tokens that work once and prove nothing of who bears them: one for `initialize`; a fresh one for the next
 * request once most of its life has gone; and one for a request that was refused because the token had expired.
 */
export class BearerEvidence implements EvidenceStrategy {
  readonly #settings: TokenSettings;
  readonly #report: (error: Error) => void;
  readonly #life: TokenLife;
  /** Fresh tokens are for servers that verify them. */
  #isVerified = false;
  #isRenewing = false;
  #initial: Evidence | undefined;

  constructor(settings: TokenSettings, { report }: BearerPorts) {
    this.#settings = settings;
    this.#report = report;
    this.#life = new TokenLife(settings.clock);
  }

  async forInitialize(): Promise<Evidence> {
    this.#isVerified = false;
    this.#initial = await this.#fetch("token_fetched");
    return this.#initial;
  }

  forRequest(): Promise<Evidence | undefined> | undefined {
    return this.#isVerified && !this.#isRenewing && this.#life.isDue ? this.#renew() : undefined;
  }

  initialized(status: AttestationStatus | undefined): void {
    const { verificationStatus, errorCode } = status ?? {};
    this.#isVerified = verificationStatus === VerificationStatus.VERIFIED;
    if (verificationStatus === VerificationStatus.FAILED && isCode(errorCode)) {
      this.#tellRefused(this.#initial, errorCode);
    }
    this.#initial = undefined;
  }

  refused({ presented }: PresentedRequest, { code }: Refusal): Promise<Evidence> | undefined {
    if (presented !== undefined) {
      this.#tellRefused(presented, code);
      return undefined;
    }
    const isExpired = code === AttestationErrorCode.TOKEN_EXPIRED && this.#isVerified;
    return isExpired ? this.#fetch("token_renewed") : undefined;
  }

  refusedAgain({ presented }: PresentedRequest, { code }: Refusal): void {
    this.#tellRefused(presented, code);
  }

  /** Returns a fresh token, or `undefined` when there is none: the old one still has some of its life before it. */
  async #renew(): Promise<Evidence | undefined> {
    this.#isRenewing = true;
    try {
      return await this.#fetch("token_renewed");
    } catch (cause) {
      this.#report(new Error("the session's token could not be renewed", { cause }));
      return undefined;
    } finally {
      this.#isRenewing = false;
    }
  }

  async #fetch(type: "token_fetched" | "token_renewed"): Promise<Evidence> {
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

  #tellRefused(evidence: Evidence | undefined, code: AttestationErrorCode): void {
    const { audience, observer } = this.#settings;
    if (observer === undefined || evidence === undefined) return;
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
