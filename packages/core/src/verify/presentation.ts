import type { ProvenRequest } from "../proof/request-hash.js";

/** Things that come with a token. */
export interface Presentation {
  /** The proof of possession of a bound token's key (compact JWS). */
  readonly proof?: string | undefined;
  /** The JSON-RPC request that the proof is for. */
  readonly request?: ProvenRequest | undefined;
  /** The OAuth access token that travels with the request, where it has been validated. */
  readonly accessToken?: string | undefined;
}
