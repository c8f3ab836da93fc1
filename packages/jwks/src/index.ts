export { FetcherClosedError, KeySetRefusedError, UnexpectedStatusError } from "./errors/fetch-errors.js";
export type { KeySetEvent } from "./events.js";
export type { JWKSFetcherOptions } from "./fetching/fetcher-options.js";
export type { IssuerState, JWKSFetcherMetrics } from "./fetching/fetcher-status.js";
export { HTTPKeyResolver, type HTTPKeyResolverOptions } from "./fetching/http-key-resolver.js";
export { JWKSFetcher } from "./fetching/jwks-fetcher.js";
export type { JWKSet, PublishedJwk } from "./jwk-set.js";
export type { KeySetUrlOptions } from "./outbound/key-set-url.js";
export {
  type JwksHandlerOptions,
  jwksHandler,
  type KeySetSource,
  type SingleKey,
} from "./publishing/jwks-handler.js";
export { KeyRing, type KeyRingOptions, type RotateOptions } from "./publishing/key-ring.js";
export type { RetiredKey } from "./publishing/retired-key.js";
