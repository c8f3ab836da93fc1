import { readFile } from "node:fs/promises";
import { causesOf, notify, printable } from "@attest/core/internal";
import { type KeySetEvent, KeySetRefusedError } from "@attest/jwks";
import { CachedKeySet, type FetcherSettings, newFetchCounters, type RemoteKeys } from "@attest/jwks/internal";
import { type KeyUse, type PlatformKey, readPlatformKeys } from "../platforms/platform-key.js";
import type { PlatformKeys } from "./platform-keys-port.js";

/** How long keys from a file are used before it is read again, in seconds. */
const FRESH_SECONDS = 60;

/**
 * Returns the keys in a file. It is read again after a minute, and at once for a key that it did not have.
 *
 * @param name name of the platform, for events
 */
export function keyFile(name: string, file: string, use: KeyUse, settings: FetcherSettings): PlatformKeys {
  const cached = new CachedKeySet<PlatformKey, RemoteKeys<PlatformKey>>({
    ...settings,
    counters: newFetchCounters(),
    loader: {
      load: async () => ({ keySet: await read(name, file, use, settings), freshSeconds: FRESH_SECONDS }),
      abandon: () => undefined,
      isCircuitOpen: false,
    },
    onStale: (stale) => report(settings, { type: "stale_key_set_served", issuer: printable(name), ...stale }),
  });
  return { getKey: async (kid) => cached.getKey(kid), close: () => undefined };
}

async function read(
  name: string,
  file: string,
  use: KeyUse,
  settings: FetcherSettings,
): Promise<RemoteKeys<PlatformKey>> {
  const startedAt = performance.now();
  const about = () => ({
    issuer: printable(name),
    durationSeconds: (performance.now() - startedAt) / 1000,
  });
  try {
    const keySet = readPlatformKeys(parse(await readFile(file, "utf8")), use);
    const { keys, skipped } = keySet;
    report(settings, { type: "key_set_fetched", ...about(), usableKeys: keys.size, skippedKeys: skipped });
    return keySet;
  } catch (error) {
    report(settings, { type: "key_set_fetch_failed", ...about(), cause: causesOf(error) });
    throw error;
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new KeySetRefusedError("the file is not JSON");
  }
}

function report({ observer }: FetcherSettings, event: KeySetEvent): void {
  if (observer !== undefined) notify(observer, event);
}
