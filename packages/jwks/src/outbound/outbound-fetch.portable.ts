/** `fetch` of the platform, or one that the user gives. */
export type Fetch = typeof globalThis.fetch;

export interface OutboundFetchOptions {
  /** Whether a connection may be made to an address that a name resolves to. */
  readonly isAllowedAddress: (address: string) => boolean;
}

/**
 * Returns the platform's own `fetch`, for runtimes that do not tell what a name resolves to: browsers, Workers. The address
 * is not checked there. The platform's own rules about private networks apply.
 */
export function createOutboundFetch(_options: OutboundFetchOptions): Fetch {
  return (input, init) => globalThis.fetch(input, init);
}
