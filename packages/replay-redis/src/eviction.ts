import { holdersOf, type RedisClient } from "./redis-commands.js";

/**
 * Whether Redis, when its memory is full, throws out ids that have not expired. `"unknown"` when it does not say:
 * a user without the right to `INFO`, or a service that hides it.
 */
export type Eviction = "none" | "possible" | "unknown";

export interface EvictionReport {
  readonly eviction: Eviction;
  /** The `maxmemory-policy` of a server that evicts. */
  readonly policy: string | null;
}

/** What the servers say about their memory. With no limit to their memory there is nothing to evict for. */
export async function readEviction(client: RedisClient): Promise<EvictionReport> {
  const nodes = await holdersOf(client);
  const reports = await Promise.all(
    nodes.map(async (node) => parseEviction(String(await node.info("memory")))),
  );
  return (
    reports.find(({ eviction }) => eviction === "possible") ??
    reports.find(({ eviction }) => eviction === "unknown") ?? { eviction: "none", policy: null }
  );
}

/** Reads the section `memory` of `INFO`. */
export function parseEviction(info: string): EvictionReport {
  const limit = /^maxmemory:(\d+)/m.exec(info)?.[1];
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1];
  if (limit === undefined || policy === undefined) return { eviction: "unknown", policy: null };
  if (limit === "0" || policy === "noeviction") return { eviction: "none", policy: null };
  return { eviction: "possible", policy };
}
