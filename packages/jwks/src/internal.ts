/**
 * For the packages of this family alone: how keys are fetched, for keys of other kinds and from other places. Nothing here is
 * covered by the version number; the packages are released together when it changes.
 */
export { createOutboundFetch } from "#outbound-fetch";
export { CachedKeySet } from "./fetching/cached-key-set.js";
export { type FetcherSettings, readFetcherOptions } from "./fetching/fetcher-options.js";
export { newFetchCounters } from "./fetching/fetcher-status.js";
export { RemoteKeySet } from "./fetching/remote-key-set.js";
export type { RemoteKeys, RemoteSource } from "./fetching/remote-source.js";
export { MAX_KEYS } from "./jwk-set.js";
export { type AddressRules, guardedUrl, isAllowedAddress } from "./outbound/address-rules.js";
