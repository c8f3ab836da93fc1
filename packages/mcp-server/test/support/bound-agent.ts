import { type CreateProofOptions, createProof, KeyPair } from "@attest/core";
import { type Evidence, type RequestMessage, withEvidence } from "@attest/core/wire";
import { AUDIENCE, type Issuer } from "./agents.ts";

type ProofOverrides = Partial<Omit<CreateProofOptions, "token" | "request">> & {
  /** The request that the proof is for, where it is another than the one that it travels with. */
  readonly proves?: { readonly method: string; readonly params?: unknown };
};

/** An agent with a token that is bound to its key, which signs requests one by one. */
export class BoundAgent {
  readonly key: KeyPair = KeyPair.generate();
  readonly token: string;

  private constructor(token: string, key: KeyPair) {
    this.token = token;
    this.key = key;
  }

  static async of(issuer: Issuer, options: Parameters<Issuer["token"]>[0] = {}): Promise<BoundAgent> {
    const key = KeyPair.generate();
    return new BoundAgent(await issuer.token({ confirmationKey: key.publicKey, ...options }), key);
  }

  /** The same agent with another token of its issuer. */
  async renewed(issuer: Issuer, options: Parameters<Issuer["token"]>[0] = {}): Promise<BoundAgent> {
    return new BoundAgent(await issuer.token({ confirmationKey: this.key.publicKey, ...options }), this.key);
  }

  async evidence(
    request: Pick<RequestMessage, "method" | "params">,
    overrides: ProofOverrides = {},
  ): Promise<Evidence> {
    const { proves = request, ...options } = overrides;
    const { key, token } = this;
    return {
      token,
      proof: await createProof({ key, token, audience: AUDIENCE, request: proves, ...options }),
    };
  }

  /** Returns `request` with the token and a new proof. */
  async sign<M extends Omit<RequestMessage, "id">>(request: M, overrides: ProofOverrides = {}): Promise<M> {
    const message = request as unknown as RequestMessage;
    return withEvidence(message, await this.evidence(message, overrides)) as unknown as M;
  }
}
