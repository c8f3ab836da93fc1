import { randomUUID } from "node:crypto";
import { InMemoryReplayCache } from "@attest/core";
import { FixedClock } from "@attest/core/testing";

const BATCH = 2000;
const LIFETIME_SECONDS = 300;

/** Fills a replay cache with `size` live ids (UUIDs), then lets half expire while as many come. */
export async function benchReplayCache(size: number): Promise<void> {
  const clock = new FixedClock();
  const cache = new InMemoryReplayCache({ maxEntries: size, clock });
  await settleMemory();
  const before = process.memoryUsage();
  const fill = await insert(cache, clock, size);
  await settleMemory();
  const after = process.memoryUsage();
  const bytes = (after.heapUsed + after.external - before.heapUsed - before.external) / size;
  clock.advance(LIFETIME_SECONDS / 2);
  const churn = await insert(cache, clock, size / 2);
  console.log(
    `  ${size.toExponential(0)} live ids   ${fill.rate.toFixed(2)} M inserts/s   ${bytes.toFixed(0)} bytes/id   ` +
      `longest operation ${Math.max(fill.longest, churn.longest).toFixed(1)} ms   while half expire ${churn.rate.toFixed(2)} M inserts/s`,
  );
}

/** Inserts ids whose expiries spread over the lifetime. Rate in millions per second of CPU time, longest in ms. */
async function insert(
  cache: InMemoryReplayCache,
  clock: FixedClock,
  count: number,
): Promise<{ rate: number; longest: number }> {
  let microseconds = 0;
  let longest = 0;
  for (let done = 0; done < count; done += BATCH) {
    const ids = Array.from({ length: BATCH }, () => randomUUID());
    const exp = clock.now() + 1 + ((done / BATCH) % LIFETIME_SECONDS);
    const cpu = process.cpuUsage();
    let last = performance.now();
    for (const id of ids) {
      if (!(await cache.checkAndAdd(id, exp))) throw new Error("a new id was refused");
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    const { user, system } = process.cpuUsage(cpu);
    microseconds += user + system;
  }
  return { rate: count / microseconds, longest };
}

async function settleMemory(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
