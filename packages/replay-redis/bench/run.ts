import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { RedisReplayCache } from "@attest/replay-redis";
import { benchSize } from "../../../test-support/bench-size.ts";
import { onPath } from "../../../test-support/find-program.ts";
import { RedisServer } from "../test/support/redis-server.ts";

/*
 * `pnpm --filter @attest/replay-redis bench`. Checks of new ids per second against what `redis-benchmark` does on
 * the same server, in turns within one run: absolute figures drift with the machine. Medians of the rounds.
 */
const ROUNDS = benchSize(5, 1);
const ROUND_SECONDS = benchSize(2, 0.2);
const IN_FLIGHT = benchSize([1, 64, 512], [64]);
const LIFE_SECONDS = 300;
const run = promisify(execFile);

interface Sample {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly median: number;
  readonly worstOfHundred: number;
}

const server = await RedisServer.start();
const cache = new RedisReplayCache({ url: server.url, maxLocalEntries: 20_000_000 });
try {
  await cache.connect();
  console.log(
    `Node ${process.version}, ${String(await server.command("INFO", "server")).match(/\w+_version:\S+/)?.[0]}`,
  );
  console.log("\nchecks of new ids, one server");
  console.log("  in flight   checks/s   median ms   99 % ms   redis-benchmark -P 1   ratio");
  for (const inFlight of IN_FLIGHT) {
    const checks: Sample[] = [];
    const peers: number[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      await server.command("FLUSHALL");
      const sample = await check(inFlight);
      const peer = await redisBenchmark(inFlight);
      // The first round lets the compiler settle.
      if (round < 0) continue;
      checks.push(sample);
      peers.push(peer);
    }
    const perSecond = median(checks.map((sample) => sample.perSecond));
    const peer = median(peers);
    console.log(
      `  ${String(inFlight).padStart(9)}   ${perSecond.toFixed(0).padStart(8)}   ${median(
        checks.map((sample) => sample.median),
      )
        .toFixed(2)
        .padStart(9)}   ` +
        `${median(checks.map((sample) => sample.worstOfHundred))
          .toFixed(2)
          .padStart(7)}   ${peer.toFixed(0).padStart(20)}   ${(perSecond / peer).toFixed(2).padStart(5)}`,
    );
  }
  console.log("\nmemory of Redis per id");
  for (const keyPrefix of ["mcp_attestation:jti:", "attest:"]) {
    for (const size of benchSize([100_000, 1_000_000], [10_000]))
      console.log(`  ${keyPrefix.padEnd(22)} ${size} ids   ${await bytesPerId(keyPrefix, size)} bytes`);
  }
} finally {
  await cache.close();
  await server.stop();
}

async function check(inFlight: number): Promise<Sample> {
  const took: number[] = [];
  const startedAt = performance.now();
  const end = startedAt + ROUND_SECONDS * 1000;
  const exp = Date.now() / 1000 + LIFE_SECONDS;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let before = performance.now(); before < end; ) {
        if (!(await cache.checkAndAdd(randomUUID(), exp))) throw new Error("a new id was refused");
        const after = performance.now();
        took.push(after - before);
        before = after;
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  took.sort((a, b) => a - b);
  return {
    perSecond: took.length / seconds,
    median: took[Math.floor(took.length / 2)] ?? Number.NaN,
    worstOfHundred: took[Math.floor(took.length * 0.99)] ?? Number.NaN,
  };
}

/** The same command, one at a time on each of as many connections. */
async function redisBenchmark(connections: number): Promise<number> {
  const program = onPath(["redis-benchmark", "valkey-benchmark"]);
  if (program === undefined)
    throw new Error("the benchmark needs redis-benchmark (Debian: redis-tools) on PATH");
  const requests = connections === 1 ? 20_000 : benchSize(100_000, 1000);
  const command = [
    "SET",
    "mcp_attestation:jti:__rand_int__",
    "1",
    "PX",
    String(LIFE_SECONDS * 1000),
    "NX",
    "GET",
  ];
  const options = ["-p", String(server.port), "-P", "1", "-c", String(connections), "-n", String(requests)];
  const { stdout } = await run(program, [...options, "-r", "1000000000", "--csv", ...command]);
  // "test","rps",… and one line of figures
  return Number(/"([\d.]+)"/.exec(stdout.trim().split("\n").at(-1)?.split(",")[1] ?? "")?.[1]);
}

async function bytesPerId(keyPrefix: string, size: number): Promise<number> {
  await server.command("FLUSHALL");
  await using filling = new RedisReplayCache({ url: server.url, keyPrefix, maxLocalEntries: size });
  await filling.connect();
  const before = await usedMemory();
  const exp = Date.now() / 1000 + 3600;
  for (let done = 0; done < size; done += 1000) {
    await Promise.all(Array.from({ length: 1000 }, () => filling.checkAndAdd(randomUUID(), exp)));
  }
  return Math.round(((await usedMemory()) - before) / size);
}

/** Once Redis has settled: it grows its tables bit by bit. */
async function usedMemory(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return Number(/used_memory:(\d+)/.exec(String(await server.command("INFO", "memory")))?.[1]);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
