import { randomUUID } from "node:crypto";
import { InMemoryReplayCache } from "@attest/core";
import { FixedClock } from "@attest/core/testing";

const BATCH = 2000;
const LIFETIME_SECONDS = 300;

/** Fills a replay cache with `size` live ids (UUIDs), then lets half expire while as many come. */
export async function benchReplayCache(size: number): Promise<void> {
  const rate = await run(size, insertAll);
  const slowest = await run(size, insertTimed);
  const longest = Math.max(slowest.fill, slowest.churn);
  console.log(
    `  ${size.toExponential(0)} live ids   ${rate.fill.toFixed(2)} M inserts/s   ${rate.bytes.toFixed(0)} bytes/id   ` +
      `longest operation ${longest.toFixed(1)} ms   while half expire ${rate.churn.toFixed(2)} M inserts/s`,
  );
}

type Insert = (cache: InMemoryReplayCache, clock: FixedClock, count: number) => Promise<number>;

async function run(
  size: number,
  insert: Insert,
): Promise<{ readonly fill: number; readonly churn: number; readonly bytes: number }> {
  const clock = new FixedClock();
  const cache = new InMemoryReplayCache({ maxEntries: size, clock });
  await settleMemory();
  const before = process.memoryUsage();
  const fill = await insert(cache, clock, size);
  await settleMemory();
  const after = process.memoryUsage();
  const bytes = (after.heapUsed + after.external - before.heapUsed - before.external) / size;
  clock.advance(LIFETIME_SECONDS / 2);
  return { fill, churn: await insert(cache, clock, size / 2), bytes };
}

/** Inserts ids whose expiries spread over the lifetime. Returns millions per second of CPU time. */
async function insertAll(cache: InMemoryReplayCache, clock: FixedClock, count: number): Promise<number> {
  let microseconds = 0;
  for (let done = 0; done < count; done += BATCH) {
    const ids = freshIds();
    const exp = expiryOf(done, clock);
    const cpu = process.cpuUsage();
    for (const id of ids) if (!(await cache.checkAndAdd(id, exp))) throw new Error("a new id was refused");
    const { user, system } = process.cpuUsage(cpu);
    microseconds += user + system;
  }
  return count / microseconds;
}

/**
 * The same, with a look at the thread's CPU clock after every one: what else the machine does meanwhile is not the
 * cache's. Returns the longest in milliseconds.
 */
async function insertTimed(cache: InMemoryReplayCache, clock: FixedClock, count: number): Promise<number> {
  let longest = 0;
  for (let done = 0; done < count; done += BATCH) {
    const ids = freshIds();
    const exp = expiryOf(done, clock);
    let last = process.threadCpuUsage();
    for (const id of ids) {
      if (!(await cache.checkAndAdd(id, exp))) throw new Error("a new id was refused");
      const now = process.threadCpuUsage();
      longest = Math.max(longest, (now.user - last.user + now.system - last.system) / 1000);
      last = now;
    }
  }
  return longest;
}

/** Out of JSON, as the ids of tokens are: `randomUUID` itself leaves a string in pieces, which its first reader joins. */
function freshIds(): readonly string[] {
  return JSON.parse(JSON.stringify(Array.from({ length: BATCH }, () => randomUUID()))) as string[];
}

function expiryOf(done: number, clock: FixedClock): number {
  return clock.now() + 1 + ((done / BATCH) % LIFETIME_SECONDS);
}

async function settleMemory(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
