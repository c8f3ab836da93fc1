import { ask } from "./ask.js";
import { isIdKey, keyPattern } from "./id-key.js";
import { holdersOf, type NodeCommands } from "./redis-commands.js";
import type { RedisLink } from "./redis-link.js";

/** Keys that Redis looks at per step: some milliseconds' work, between which it serves others. */
const STEP = 1000;

/** How many ids Redis holds, all its servers together: walks through every key there is. */
export async function countIds(link: RedisLink, prefix: string, timeoutSeconds: number): Promise<number> {
  // SCAN may show a key twice.
  const seen = new Set<string>();
  await eachId(link, prefix, timeoutSeconds, async (_, keys) => {
    for (const key of keys) seen.add(key);
  });
  return seen.size;
}

/** Removes every id from Redis, and nothing else. */
export async function clearIds(link: RedisLink, prefix: string, timeoutSeconds: number): Promise<void> {
  await eachId(link, prefix, timeoutSeconds, async (node, keys) => {
    // One by one: in a cluster, a command with keys of several slots is refused.
    const removed = Promise.all(keys.map((key) => node.unlink(key)));
    await ask(link, timeoutSeconds, () => removed);
  });
}

/** Walks by SCAN, which never holds Redis up as KEYS would. */
async function eachId(
  link: RedisLink,
  prefix: string,
  timeoutSeconds: number,
  visit: (node: NodeCommands, keys: readonly string[]) => Promise<void>,
): Promise<void> {
  const options = { MATCH: keyPattern(prefix), COUNT: STEP };
  for (const node of await ask(link, timeoutSeconds, holdersOf)) {
    let cursor = "0";
    do {
      const from = cursor;
      const reply = await ask(link, timeoutSeconds, () => node.scan(from, options));
      cursor = String(reply.cursor);
      const keys = reply.keys.map(String).filter((key) => isIdKey(prefix, key));
      if (keys.length > 0) await visit(node, keys);
    } while (cursor !== "0");
  }
}
