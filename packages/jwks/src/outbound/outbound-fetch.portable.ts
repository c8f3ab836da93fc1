import type { Fetch, OutboundFetchOptions } from "./outbound-fetch.js";

/**
 * The platform's own `fetch`, for runtimes that show nobody what a name resolves to: browsers, Workers. There the
 * address is not checked, and the platform's own rules about private networks are what there is.
 */
export function createOutboundFetch(_options: OutboundFetchOptions): Fetch {
  return (input, init) => globalThis.fetch(input, init);
}
