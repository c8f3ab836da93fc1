import { AttestationErrorCode, ProofPolicy } from "@attest/core";
import { signProof } from "@attest/core/internal";
import { type AttestationStatus, type Evidence, type Refusal, VerificationStatus } from "@attest/core/wire";
import type { EvidenceStrategy, PresentedRequest, ProvenMessage, Sending } from "./evidence-strategy.js";
import type { ProofKey } from "./proof-key.js";
import type { TokenFetching } from "./token-fetching.js";
import type { TokenSettings } from "./token-source.js";

export interface BoundEvidenceOptions {
  readonly tokens: TokenFetching;
  readonly settings: Pick<TokenSettings, "clock">;
  readonly key: ProofKey;
  /** The server that proofs are for: the name it verifies as its audience. */
  readonly audience: string;
  /** Whether requests go to an HTTP server that keeps no session: then each stands alone. */
  readonly standsAlone: () => boolean;
}

/**
 * Evidence by one token that is bound to a key of the agent's, for as long as the token lives, with a proof for each
 * sending: at `initialize`, when the token is replaced, and with every request where the server asks for that, or keeps no
 * session. It never gives a token that is not bound.
 */
export class BoundEvidence implements EvidenceStrategy {
  readonly #options: BoundEvidenceOptions;
  #current: Evidence | undefined;
  /** The newest that the server gave out. */
  #nonce: string | undefined;
  #isVerified = false;
  #isForEach = false;
  /** Whether the server says anything of attestation: others need no token. */
  #isAttesting = false;

  constructor(options: BoundEvidenceOptions) {
    this.#options = options;
  }

  async forInitialize(): Promise<Evidence> {
    this.#isVerified = false;
    this.#isForEach = false;
    this.#isAttesting = false;
    this.#current = await this.#options.tokens.fetch("token_fetched");
    return this.#current;
  }

  forRequest(): Promise<Evidence | undefined> | undefined {
    const { tokens } = this.#options;
    if (this.#isVerified && tokens.isDue) return this.#renew();
    const evidence = this.forNotification();
    return evidence === undefined ? undefined : Promise.resolve(evidence);
  }

  forNotification(): Evidence | undefined {
    const isForEach = this.#isForEach || (this.#isAttesting && this.#options.standsAlone());
    return isForEach ? this.#current : undefined;
  }

  initialized(status: AttestationStatus | undefined): void {
    const { verificationStatus, errorCode, proof, nonce } = status ?? {};
    this.#isAttesting = status !== undefined;
    this.#isVerified = verificationStatus === VerificationStatus.VERIFIED;
    this.#isForEach = proof === ProofPolicy.EACH_REQUEST;
    this.#nonce = nonce ?? this.#nonce;
    if (verificationStatus === VerificationStatus.FAILED) {
      this.#options.tokens.tellRefused(this.#current, errorCode);
    }
  }

  refused(call: PresentedRequest, refusal: Refusal): Promise<Evidence> | undefined {
    const { code, nonce, requirements } = refusal;
    this.#nonce = nonce ?? this.#nonce;
    if (requirements.proof === ProofPolicy.EACH_REQUEST) this.#isForEach = true;
    const { presented } = call;
    if (code === AttestationErrorCode.INVALID_PROOF && nonce !== undefined && presented !== undefined) {
      return Promise.resolve(this.#current ?? presented);
    }
    if (code === AttestationErrorCode.TOKEN_EXPIRED && this.#isVerified) return this.#fresh();
    if (presented !== undefined) this.#options.tokens.tellRefused(presented, code);
    const mayBeProven = code === AttestationErrorCode.ATTESTATION_REQUIRED && presented === undefined;
    return mayBeProven && this.#isForEach && this.#current !== undefined
      ? Promise.resolve(this.#current)
      : undefined;
  }

  refusedAgain({ presented }: PresentedRequest, { code, nonce }: Refusal): void {
    this.#nonce = nonce ?? this.#nonce;
    this.#options.tokens.tellRefused(presented, code);
  }

  async prove(token: string, { method, params }: ProvenMessage, sending: Sending): Promise<Evidence> {
    const { key, audience, settings } = this.#options;
    const { url, accessToken } = sending;
    const { proof } = await signProof({
      key,
      token,
      audience,
      request: { method, params },
      url,
      nonce: this.#nonce,
      accessToken,
      clock: settings.clock,
    });
    return { token, proof };
  }

  async #renew(): Promise<Evidence | undefined> {
    const fresh = await this.#options.tokens.renew();
    if (fresh === undefined) return this.forNotification();
    this.#current = fresh;
    return fresh;
  }

  async #fresh(): Promise<Evidence> {
    this.#current = await this.#options.tokens.fetch("token_renewed");
    return this.#current;
  }
}
