import { expect, test } from "vitest";
import { surfaceOf } from "../../../test-support/surface.ts";

// `pnpm run surface` writes the list anew.
test("the package exports these names and no others", async () => {
  expect(await surfaceOf(new URL("..", import.meta.url))).toMatchInlineSnapshot(`
    {
      ".": {
        "types": [
          "HTTPKeyResolverOptions",
          "IssuerState",
          "JWKSFetcherMetrics",
          "JWKSFetcherOptions",
          "JWKSet",
          "JwksHandlerOptions",
          "KeyRingOptions",
          "KeySetEvent",
          "KeySetSource",
          "KeySetUrlOptions",
          "PublishedJwk",
          "RetiredKey",
          "RotateOptions",
          "SingleKey",
        ],
        "values": [
          "FetcherClosedError",
          "HTTPKeyResolver",
          "JWKSFetcher",
          "KeyRing",
          "KeySetRefusedError",
          "UnexpectedStatusError",
          "jwksHandler",
        ],
      },
      "./internal": {
        "types": [
          "AddressRules",
          "FetcherSettings",
          "RemoteKeys",
          "RemoteSource",
        ],
        "values": [
          "CachedKeySet",
          "MAX_KEYS",
          "RemoteKeySet",
          "createOutboundFetch",
          "guardedUrl",
          "isAllowedAddress",
          "newFetchCounters",
          "readFetcherOptions",
        ],
      },
    }
  `);
});
