import { setTimeout } from "node:timers/promises";
import { describe, expect, type TestContext, test } from "vitest";
import { REDIS } from "../../../../test-support/find-program.ts";
import { needs } from "../../../../test-support/needs.ts";
import { CacheState, RedisReplayCache, type RedisReplayCacheOptions } from "../../src/index.js";
import { Load } from "../support/load.ts";
import { print } from "../support/print.ts";
import { Recorder } from "../support/recorder.ts";
import { until } from "../support/redis-cluster.ts";
import { RedisServer } from "../support/redis-server.ts";
import { sized } from "../support/scale.ts";

/** The defaults at full size; the ordinary run shortens every time by about the same factor. */
const times = {
  socketTimeoutSeconds: sized(2, 0.5),
  retryDelaySeconds: sized(0.5, 0.15),
  maxRetries: 3,
  connectionTimeoutSeconds: 20,
  healthCheckIntervalSeconds: sized(30, 1),
};
/** The longest time of a check: as the documentation states it, and a second for a busy machine. */
const answerSeconds = ({ isHidden }: Fault) =>
  (isHidden ? 2 : times.socketTimeoutSeconds) + times.maxRetries * times.retryDelaySeconds + 1;
const steady = () => setTimeout(sized(2000, 400));

interface Fault {
  readonly name: string;
  readonly serverArgs?: readonly string[];
  /** Does it, and undoes it. */
  readonly strike: (server: RedisServer) => Promise<void>;
  /** Whether checks are never undecided, even without a fall-back. */
  readonly isHidden?: boolean;
}

const faults: readonly Fault[] = [
  {
    name: "kill -9 and a restart without its memory",
    strike: async (server) => {
      await server.kill();
      await setTimeout(sized(5000, 1200));
      await server.restart();
    },
  },
  {
    name: "SIGSTOP in the middle of commands",
    strike: async (server) => {
      server.pause();
      await setTimeout(sized(10_000, 2000));
      server.resume();
    },
  },
  {
    name: "every connection killed, again and again",
    isHidden: true,
    strike: async (server) => {
      for (let round = 0; round < sized(10, 3); round++) {
        await server.command("CLIENT", "KILL", "TYPE", "normal");
        await setTimeout(sized(1000, 700));
      }
    },
  },
  {
    name: "FLUSHALL",
    isHidden: true,
    strike: async (server) => {
      await server.command("FLUSHALL");
    },
  },
  {
    name: "maxmemory reached with noeviction",
    strike: async (server) => {
      await server.command("CONFIG", "SET", "maxmemory", "1");
      await setTimeout(sized(5000, 800));
      await server.command("CONFIG", "SET", "maxmemory", "0");
    },
  },
  {
    name: "maxmemory reached with allkeys-lru",
    isHidden: true,
    serverArgs: ["--maxmemory-policy", "allkeys-lru"],
    strike: async (server) => {
      // Newer than the ids, so that those are the first to go.
      const fill = "for n = 1, 2000 do redis.call('SET', 'filler:' .. n, string.rep('x', 1000)) end";
      await server.command("EVAL", fill, "0");
      const used = Number(await infoOf(server, "used_memory"));
      await server.command("CONFIG", "SET", "maxmemory", String(used - 500_000));
      await setTimeout(sized(5000, 1200));
      expect(Number(await infoOf(server, "evicted_keys"))).toBeGreaterThan(0);
      await server.command("CONFIG", "SET", "maxmemory", "0");
    },
  },
];

async function infoOf(server: RedisServer, name: string): Promise<string | undefined> {
  return new RegExp(`^${name}:(.*)$`, "m").exec(String(await server.command("INFO")))?.[1];
}

async function run(fault: Fault, options: RedisReplayCacheOptions, { onTestFinished }: TestContext) {
  const server = await RedisServer.start(...(fault.serverArgs ?? []));
  onTestFinished(() => server.stop());
  const observer = new Recorder();
  // Where nothing may show, only the fault may be slow, not a busy machine.
  const patience = fault.isHidden ? { socketTimeoutSeconds: 2 } : {};
  const cache = new RedisReplayCache({ url: server.url, ...times, ...patience, ...options, observer });
  onTestFinished(() => cache.close());
  await cache.connect();
  const load = new Load(cache, { perSecond: sized(400, 100) });
  await steady();
  await fault.strike(server);
  await until(() => cache.state === CacheState.HEALTHY);
  const acceptedBefore = load.accepted.length;
  await steady();
  // A busy machine takes longer; the ids of before the fault are not asked for afterwards.
  await until(() => load.accepted.length > acceptedBefore + 30);
  const report = await load.stop();
  print(`${fault.name}, fallbackEnabled ${options.fallbackEnabled ?? true}`, {
    ...report,
    states: observer.states,
  });
  return { report, observer, cache, server, load, acceptedAfter: report.accepted - acceptedBefore, fault };
}

/** Expects all that must hold after any fault, with a fall-back and without. */
function expectKept({ report, acceptedAfter, fault }: Awaited<ReturnType<typeof run>>): void {
  expect(report).toMatchObject({ acceptedTwice: 0, otherErrors: [] });
  expect(report.longestSeconds).toBeLessThan(answerSeconds(fault) + report.longestStallSeconds);
  expect(acceptedAfter).toBeGreaterThan(0);
}

describe.concurrent("RedisReplayCache under load", await needs(REDIS), () => {
  test.for(faults)(
    "accepts no id twice, and no honest one is refused while it may fall back, through $name",
    async (fault, context) => {
      const [falling, closed] = await Promise.all([
        run(fault, {}, context),
        run(fault, { fallbackEnabled: false }, context),
      ]);
      expectKept(falling);
      expectKept(closed);
      expect(falling.report).toMatchObject({ falseReplays: 0, undecided: 0 });
      expect(falling.cache.getHealthStatus()).toMatchObject({ usingFallback: false, pendingIds: 0 });
      if (fault.isHidden) expect(closed.report).toMatchObject({ undecided: 0, falseReplays: 0 });

      // Redis is there again, so another server knows the ids that were accepted last.
      const other = new RedisReplayCache({ url: falling.server.url, ...times });
      context.onTestFinished(() => other.close());
      const last = falling.load.accepted.slice(-20);
      const answers = await Promise.all(last.map((id) => other.checkAndAdd(id, Date.now() / 1000 + 60)));
      expect(answers).toEqual(last.map(() => false));
    },
  );
});
