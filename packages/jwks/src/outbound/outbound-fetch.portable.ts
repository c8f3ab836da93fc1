/** `fetch` of the platform, or one that the user gives. */
export type Fetch = typeof globalThis.fetch;

export interface OutboundFetchOptions {
  /** Whether a connection may be made to an address that a name resolves to. */
  readonly isAllowedAddress: (address: string) => boolean;
  /** Certificate authorities that are trusted, in PEM, in place of the system's. Default: the system's. */
  readonly ca?: string | undefined;
}

/**
 * Returns the platform's own `fetch`, for runtimes that do not tell what a name resolves to: browsers, Workers. The address
 * is not checked there. The platform's own rules about private networks apply.
 *
 * @throws {TypeError} for a `ca`, which these runtimes have no place for.
 */
export function createOutboundFetch({ ca }: OutboundFetchOptions): Fetch {
  if (ca !== undefined) throw new TypeError("ca works on Node alone");
  return (input, init) => globalThis.fetch(input, init);
}
