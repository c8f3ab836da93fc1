import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { KeySetRefusedError } from "./key-set-refused-error.js";

/** Resolves a name to all its addresses, as `node:dns` does. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves a name for a socket, and refuses it when a single one of its addresses is not allowed: a name that is
 * both public and private is made to get around checks like this.
 */
export function checkedLookup(isAllowed: (address: string) => boolean, lookup: Lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? new Error("the name resolves to no address"), "");
      } else if (!addresses.every(({ address }) => isAllowed(address))) {
        callback(new KeySetRefusedError("the name resolves to an address that is not public"), "");
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}
