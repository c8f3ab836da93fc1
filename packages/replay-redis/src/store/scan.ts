import { holdersOf, type NodeCommands } from "../connection/redis-client.js";
import type { RedisLink } from "../connection/redis-link.js";
import { send } from "../connection/send.js";
import { isIdKey, keyPattern } from "./id-key.js";

/** Keys that Redis looks at per step: some milliseconds' work, between which it serves others. */
const STEP = 1000;

/** Counts the ids that Redis holds, all its servers together. Scans every key. */
export async function countIds(link: RedisLink, prefix: string, timeoutSeconds: number): Promise<number> {
  // SCAN may show a key twice.
  const seen = new Set<string>();
  await scanIds(link, prefix, timeoutSeconds, async (_, keys) => {
    for (const key of keys) seen.add(key);
  });
  return seen.size;
}

/** Removes every id from Redis, and no other key. */
export async function clearIds(link: RedisLink, prefix: string, timeoutSeconds: number): Promise<void> {
  await scanIds(link, prefix, timeoutSeconds, async (node, keys) => {
    // One by one: in a cluster, a command with keys of several slots is refused.
    await send(link, timeoutSeconds, () => Promise.all(keys.map((key) => node.unlink(key))));
  });
}

/** Scans by SCAN, which never blocks Redis as KEYS would. */
async function scanIds(
  link: RedisLink,
  prefix: string,
  timeoutSeconds: number,
  visit: (node: NodeCommands, keys: readonly string[]) => Promise<void>,
): Promise<void> {
  // A claim is a string, so a key of another type is not one.
  const options = { MATCH: keyPattern(prefix), TYPE: "string", COUNT: STEP } as const;
  for (const node of await send(link, timeoutSeconds, holdersOf)) {
    let cursor = "0";
    do {
      const from = cursor;
      const reply = await send(link, timeoutSeconds, () => node.scan(from, options));
      cursor = String(reply.cursor);
      const keys = reply.keys.map(String).filter((key) => isIdKey(prefix, key));
      if (keys.length > 0) await visit(node, keys);
    } while (cursor !== "0");
  }
}
