import type { AttestationObserver } from "@attest/core";
import { notify } from "@attest/core/internal";
import { holdersOf, type RedisClient } from "../connection/redis-client.js";
import type { RedisLink } from "../connection/redis-link.js";
import { send } from "../connection/send.js";
import type { CacheEvent } from "../events.js";

/**
 * Whether Redis evicts ids that have not expired when its memory is full. `"unknown"` when it does not say: its user
 * has no right to `INFO`, or the service hides it.
 */
export type Eviction = "none" | "possible" | "unknown";

/** The settings of a server's memory, as far as they concern eviction. */
export interface EvictionReport {
  readonly eviction: Eviction;
  /** The `maxmemory-policy` of a server that evicts. */
  readonly policy: string | null;
}

const UNKNOWN: EvictionReport = { eviction: "unknown", policy: null };

/** Knows whether Redis evicts, as of the last probe. */
export class EvictionProbe {
  readonly #observer: AttestationObserver<CacheEvent> | undefined;
  #eviction: Eviction = "unknown";

  constructor(observer: AttestationObserver<CacheEvent> | undefined) {
    this.#observer = observer;
  }

  get eviction(): Eviction {
    return this.#eviction;
  }

  /** Asks Redis, and reports a Redis that evicts and did not the last time. An error leaves it unknown. */
  async run(link: RedisLink, timeoutSeconds: number): Promise<void> {
    const before = this.#eviction;
    const { eviction, policy } = await send(link, timeoutSeconds, readEviction).catch(() => UNKNOWN);
    this.#eviction = eviction;
    if (this.#observer !== undefined && policy !== null && before !== "possible")
      notify(this.#observer, { type: "cache_evicts", policy });
  }
}

/** Reads the worst report of all servers that hold ids. */
async function readEviction(client: RedisClient): Promise<EvictionReport> {
  const nodes = await holdersOf(client);
  const reports = await Promise.all(
    nodes.map(async (node) => parseEviction(String(await node.info("memory")))),
  );
  return (
    reports.find(({ eviction }) => eviction === "possible") ??
    reports.find(({ eviction }) => eviction === "unknown") ?? { eviction: "none", policy: null }
  );
}

/** Parses the section `memory` of `INFO`. A server without a limit to its memory evicts nothing. */
export function parseEviction(info: string): EvictionReport {
  const limit = /^maxmemory:(\d+)/m.exec(info)?.[1];
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1];
  if (limit === undefined || policy === undefined) return UNKNOWN;
  if (limit === "0" || policy === "noeviction") return { eviction: "none", policy: null };
  return { eviction: "possible", policy };
}
