import { readFileSync } from "node:fs";
import { createOutboundFetch, isAllowedAddress } from "@attest/jwks/internal";
import type { Platform } from "../policy/trust-policy.js";

/**
 * Returns a `fetch` for requests to a platform, to addresses that its policy allows. Certificate authorities in a file are
 * read for every request, which comes once per key set's time: clusters renew them.
 */
export function platformFetch(platform: Platform): typeof globalThis.fetch {
  const { ca } = platform;
  return async (input, init) => {
    const authorities = typeof ca === "object" ? readFileSync(ca.file, "utf8") : ca;
    const fetch = createOutboundFetch({
      isAllowedAddress: (address) => isAllowedAddress(address, platform),
      ca: authorities,
    });
    return fetch(input, init);
  };
}
