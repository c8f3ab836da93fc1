import type { RedisClient } from "../connection/redis-client.js";
import { isWrongType } from "../errors/redis-replies.js";

/** An attempt to use an id, as Redis has it or is to have it. */
export interface Claim {
  readonly key: string;
  /** The attempt's {@link attemptToken}. */
  readonly token: string;
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Some 136 years: as long as this server can remember, and short enough for Redis to count in milliseconds. */
const MAX_TTL_SECONDS = 0xffff_ffff;

/**
 * Claims an id in Redis by one atomic command, `SET key token PX ttl NX GET`. Returns whether the id is this attempt's:
 * nobody had it, or this attempt's own earlier command arrived and its answer was lost.
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
  const ttl = Math.ceil(Math.min(expiresAt - now, MAX_TTL_SECONDS) * 1000);
  try {
    const held = await client.set(key, token, {
      condition: "NX",
      GET: true,
      expiration: { type: "PX", value: Math.max(1, ttl) },
    });
    return held === null || String(held) === token;
  } catch (error) {
    // The key holds something that is no claim. That costs this id, and not Redis its trust.
    if (isWrongType(error)) return false;
    throw error;
  }
}

const BATCH = 256;
const tokens = new BigInt64Array(BATCH);
let next = BATCH;

/**
 * Returns a random 64-bit number in decimal, which tells an attempt from every other at the same id. Redis keeps such a
 * value in 16 bytes, half of what any other text of these bits takes.
 */
export function attemptToken(): string {
  if (next === BATCH) {
    crypto.getRandomValues(tokens);
    next = 0;
  }
  const token = String(tokens[next]);
  next += 1;
  return token;
}
