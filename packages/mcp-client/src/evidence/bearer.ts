import { AttestationErrorCode, ProofPolicy } from "@attest/core";
import { type AttestationStatus, type Evidence, type Refusal, VerificationStatus } from "@attest/core/wire";
import type { EvidenceStrategy, PresentedRequest } from "./evidence-strategy.js";
import type { TokenFetching } from "./token-fetching.js";

/**
 * Evidence by tokens that work once and prove nothing of who bears them: one for `initialize`; a fresh one for the next
 * request once most of its life has gone; and one for a request that was refused because the token had expired. A server
 * that asks for evidence with each request gets a token with each.
 */
export class BearerEvidence implements EvidenceStrategy {
  readonly #tokens: TokenFetching;
  /** Fresh tokens are for servers that verify them. */
  #isVerified = false;
  #isForEach = false;
  #initial: Evidence | undefined;

  constructor(tokens: TokenFetching) {
    this.#tokens = tokens;
  }

  async forInitialize(): Promise<Evidence> {
    this.#isVerified = false;
    this.#isForEach = false;
    this.#initial = await this.#tokens.fetch("token_fetched");
    return this.#initial;
  }

  forRequest(): Promise<Evidence | undefined> | undefined {
    if (this.#isForEach) return this.#tokens.fetch("token_renewed");
    return this.#isVerified && this.#tokens.isDue ? this.#tokens.renew() : undefined;
  }

  forNotification(): undefined {
    return undefined;
  }

  initialized(status: AttestationStatus | undefined): void {
    const { verificationStatus, errorCode, proof } = status ?? {};
    this.#isVerified = verificationStatus === VerificationStatus.VERIFIED;
    this.#isForEach = this.#isVerified && proof === ProofPolicy.EACH_REQUEST;
    if (verificationStatus === VerificationStatus.FAILED) this.#tokens.tellRefused(this.#initial, errorCode);
    this.#initial = undefined;
  }

  refused({ presented }: PresentedRequest, { code }: Refusal): Promise<Evidence> | undefined {
    if (presented !== undefined) {
      this.#tokens.tellRefused(presented, code);
      return undefined;
    }
    const isExpired = code === AttestationErrorCode.TOKEN_EXPIRED && this.#isVerified;
    return isExpired ? this.#tokens.fetch("token_renewed") : undefined;
  }

  refusedAgain({ presented }: PresentedRequest, { code }: Refusal): void {
    this.#tokens.tellRefused(presented, code);
  }
}
