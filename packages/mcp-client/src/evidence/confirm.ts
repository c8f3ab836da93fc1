import type { Clock, ProvenRequest } from "@attest/core";
import { proofUrl, signProof } from "@attest/core/internal";
import type { ProofKey } from "./proof-key.js";

/** The occasion on which a client proves to an issuer that it has its key (protocol §9). */
export interface ConfirmOptions {
  /** Credential that the client shows to the issuer in exchange for a token. */
  readonly token: string;
  /** The issuer. */
  readonly audience: string;
  /** The request for the token, as the issuer reads it: its method and its parameters. */
  readonly request: ProvenRequest;
  /** The URL that it goes to. */
  readonly url: string;
}

/** Returns a proof by the client's key (compact JWS). */
export type Confirm = (options: ConfirmOptions) => Promise<string>;

/** Returns the function by which a token source has the client prove its key to an issuer. */
export function confirmWith(key: ProofKey, clock: Clock): Confirm {
  return async ({ token, audience, request, url }) => {
    const normal = typeof url === "string" ? proofUrl(url) : undefined;
    if (normal === undefined) throw new TypeError("confirm: url must be an http or https URL");
    const occasion = { token, audience, request, url: normal };
    const { proof } = await signProof({ key, ...occasion, nonce: undefined, accessToken: undefined, clock });
    return proof;
  };
}
