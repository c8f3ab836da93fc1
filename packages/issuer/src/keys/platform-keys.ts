import type { AttestationObserver, Clock } from "@attest/core";
import type { KeySetEvent } from "@attest/jwks";
import { RemoteKeySet, type RemoteKeys, readFetcherOptions } from "@attest/jwks/internal";
import { type KeyUse, type PlatformKey, readPlatformKeys } from "../platforms/platform-key.js";
import { PlatformType } from "../platforms/presets.js";
import type { Platform } from "../policy/trust-policy.js";
import { keyFile } from "./key-file.js";
import { platformFetch } from "./platform-fetch.js";
import type { PlatformKeys } from "./platform-keys-port.js";
import { discoveredKeys, keysAtUrl } from "./remote-keys.js";

export interface PlatformKeysOptions {
  readonly clock: Clock;
  readonly observer: AttestationObserver<KeySetEvent> | undefined;
}

/** Longest time that a caller waits for a platform's keys, in seconds. */
const REQUEST_TIMEOUT_SECONDS = 5;

/** Returns the keys of a platform. Nothing is fetched before a key is asked for. */
export function platformKeys(platform: Platform, { clock, observer }: PlatformKeysOptions): PlatformKeys {
  const { keys } = platform;
  // Discovery documents lead to key sets by OIDC, whose keys are not marked as a SPIFFE bundle's are.
  const isBundle = platform.type === PlatformType.SPIFFE && keys.kind !== "discovery";
  const use: KeyUse = isBundle ? "jwt-svid" : "sig";
  if (keys.kind === "inline") return fixedKeys(readPlatformKeys(keys.jwks, use));
  const settings = readFetcherOptions({
    clock,
    observer,
    fetch: platformFetch(platform),
    requestTimeoutSeconds: REQUEST_TIMEOUT_SECONDS,
    retry: { maxRetries: 1 },
    // A platform that is back is noticed within 10 seconds.
    circuitBreaker: { failureThreshold: 5, recoveryTimeoutSeconds: 10 },
  });
  if (keys.kind === "file") return keyFile(platform.name, keys.file, use, settings);
  const source = keys.kind === "url" ? keysAtUrl(keys.url, platform, use) : discoveredKeys(platform, use);
  const remote = new RemoteKeySet<PlatformKey>(platform.name, source, settings);
  return {
    getKey: (kid) => remote.getKey(kid),
    close: () => remote.close(new Error("the issuer is closed")),
  };
}

function fixedKeys({ keys }: RemoteKeys<PlatformKey>): PlatformKeys {
  return { getKey: async (kid) => keys.get(kid), close: () => undefined };
}
