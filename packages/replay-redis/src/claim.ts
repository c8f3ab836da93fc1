import { isWrongType } from "./failure.js";
import type { RedisClient } from "./redis-commands.js";
import type { Claim } from "./unwritten-ids.js";

/** Some 136 years: as long as this server can remember, and short enough for Redis to count in milliseconds. */
const LONGEST_TTL = 0xffff_ffff;

/**
 * Claims an id in Redis by one atomic command, `SET key token PX ttl NX GET`, and says whether it is this
 * attempt's: because nobody had it, or because this attempt's own earlier command had arrived and its answer had not.
 *
 * Redis is told for how long to keep the id, not until when, so a wrong clock there cannot drop it early.
 *
 * @param now seconds since the Unix epoch
 */
export async function claim(
  client: RedisClient,
  { key, token, expiresAt }: Claim,
  now: number,
): Promise<boolean> {
  const ttl = Math.ceil(Math.min(expiresAt - now, LONGEST_TTL) * 1000);
  try {
    const held = await client.set(key, token, {
      condition: "NX",
      GET: true,
      expiration: { type: "PX", value: Math.max(1, ttl) },
    });
    return held === null || String(held) === token;
  } catch (error) {
    // The key is taken by something that is no claim: that costs this id, and not Redis its trust.
    if (isWrongType(error)) return false;
    throw error;
  }
}
