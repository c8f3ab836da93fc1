import type { ReplayCache } from "../ports.js";

/** Access of the contract to the cache under test. */
export interface ReplayCacheHarness {
  /** An empty cache. */
  readonly create: () => Promise<ReplayCache>;
  /** The time the cache goes by, in seconds since the Unix epoch. */
  readonly now: () => number;
  /** Lets that time pass: moves a clock, or waits. */
  readonly pass: (seconds: number) => Promise<void>;
}

/** One thing that every replay cache must do. */
export interface ReplayCacheRule {
  /** A whole sentence about the cache. */
  readonly name: string;
  /** Rejects when the cache breaks the rule. */
  readonly run: (harness: ReplayCacheHarness) => Promise<void>;
}

/**
 * Rules that every replay cache must keep, for the test runner of your choice:
 * `test.each(replayCacheContract)("$name", ({ run }) => run(harness))`.
 */
export const replayCacheContract: readonly ReplayCacheRule[] = [
  {
    name: "accepts an id once and refuses it ever after",
    run: async ({ create, now }) => {
      const cache = await create();
      equal(await cache.checkAndAdd("id", now() + 60), true, "the first use");
      equal(await cache.checkAndAdd("id", now() + 60), false, "the second use");
      equal(await cache.checkAndAdd("id", now() + 60), false, "the third use");
    },
  },
  {
    name: "lets exactly one of 100 concurrent uses of one id win",
    run: async ({ create, now }) => {
      const cache = await create();
      const exp = now() + 60;
      const answers = await Promise.all(Array.from({ length: 100 }, () => cache.checkAndAdd("id", exp)));
      equal(answers.filter((isNew) => isNew).length, 1, "winners");
    },
  },
  {
    name: "accepts every one of 1000 different ids",
    run: async ({ create, now }) => {
      const cache = await create();
      const exp = now() + 60;
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, n) => cache.checkAndAdd(`id-${n}`, exp)),
      );
      equal(answers.filter((isNew) => isNew).length, 1000, "accepted");
      equal(await cache.count(), 1000, "remembered");
    },
  },
  {
    name: "refuses an id whatever expiry comes with it the second time",
    run: async ({ create, now }) => {
      const cache = await create();
      equal(await cache.checkAndAdd("id", now() + 60), true, "the first use");
      equal(await cache.checkAndAdd("id", now() + 600), false, "with a later expiry");
      equal(await cache.checkAndAdd("id", now() + 1), false, "with an earlier expiry");
    },
  },
  {
    name: "remembers an id until it expires, fractions of a second included, and forgets it soon after",
    run: async ({ create, now, pass }) => {
      const cache = await create();
      const exp = now() + 2.5;
      equal(await cache.checkAndAdd("id", exp), true, "the first use");
      await pass(2);
      equal(await cache.checkAndAdd("id", exp), false, "half a second before its expiry");
      await pass(2);
      equal(await cache.exists("id"), false, "after its expiry");
      equal(await cache.checkAndAdd("id", now() + 60), true, "a new token of that id");
    },
  },
  {
    name: "refuses an id that has expired already, since it could not remember it",
    run: async ({ create, now }) => {
      const cache = await create();
      equal(await cache.checkAndAdd("id", now() - 1), false, "an expired id");
      equal(await cache.count(), 0, "remembered");
    },
  },
  {
    name: "tells apart ids that differ in one character, whatever characters they are made of",
    run: async ({ create, now }) => {
      const cache = await create();
      const ids = [
        "",
        "a",
        "A",
        " a",
        "a ",
        "a\n",
        "a\0",
        "__proto__",
        "constructor",
        "*",
        "a*",
        "\u00e9",
        "e\u0301",
        "\u{1f511}",
        "x".repeat(2000),
        "x".repeat(2001),
      ];
      for (const id of ids)
        equal(await cache.checkAndAdd(id, now() + 60), true, JSON.stringify(id.slice(0, 20)));
      for (const id of ids)
        equal(await cache.checkAndAdd(id, now() + 60), false, JSON.stringify(id.slice(0, 20)));
      equal(await cache.count(), ids.length, "remembered");
    },
  },
  {
    name: "says what it remembers, and forgets all of it when cleared",
    run: async ({ create, now }) => {
      const cache = await create();
      equal(await cache.exists("id"), false, "before");
      await cache.checkAndAdd("id", now() + 60);
      await cache.checkAndAdd("other", now() + 60);
      equal(await cache.exists("id"), true, "after");
      equal(await cache.count(), 2, "remembered");
      await cache.clear();
      equal(await cache.exists("id"), false, "cleared");
      equal(await cache.count(), 0, "remembered when cleared");
    },
  },
];

function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}
