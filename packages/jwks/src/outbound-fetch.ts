/** A `fetch`, of the platform or of the user's own. */
export type Fetch = typeof globalThis.fetch;

export interface OutboundFetchOptions {
  /** Whether an address that a name resolves to may be connected to. */
  readonly isAllowedAddress: (address: string) => boolean;
}
