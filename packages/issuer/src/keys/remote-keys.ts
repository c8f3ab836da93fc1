import { membersOf } from "@attest/core/internal";
import { KeySetRefusedError } from "@attest/jwks";
import { type AddressRules, guardedUrl, type RemoteKeys, type RemoteSource } from "@attest/jwks/internal";
import { type KeyUse, type PlatformKey, readPlatformKeys } from "../platforms/platform-key.js";
import type { Platform } from "../policy/trust-policy.js";

type Source = RemoteSource<RemoteKeys<PlatformKey>>;

/** Returns the source of a key set at `url`. */
export function keysAtUrl(url: string, rules: AddressRules, use: KeyUse): Source {
  return {
    url: () => guardedUrl(url, "key set's URL", rules),
    read: async ({ document, headers }) => ({ keySet: readPlatformKeys(document, use), headers }),
  };
}

/**
 * Returns the source of a key set that OIDC discovery leads to (OpenID Connect Discovery 1.0 §4). The document's `issuer`
 * must be the platform's (§4.3); its `jwks_uri` may be at any host, and is asked by the same rules.
 */
export function discoveredKeys(platform: Pick<Platform, "issuer" | keyof AddressRules>, use: KeyUse): Source {
  const { issuer = "" } = platform;
  return {
    url: () =>
      guardedUrl(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, "issuer's URL", platform),
    read: async ({ document }, ask) => {
      const discovered = membersOf(document);
      if (discovered["issuer"] !== issuer)
        throw new KeySetRefusedError("the discovery document names another issuer");
      const uri = discovered["jwks_uri"];
      if (typeof uri !== "string") throw new KeySetRefusedError("the discovery document has no jwks_uri");
      const answer = await ask(guardedUrl(uri, "jwks_uri", platform));
      return { keySet: readPlatformKeys(answer.document, use), headers: answer.headers };
    },
  };
}
