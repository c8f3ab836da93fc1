import { VerificationPolicy } from "@attest/core";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { runInMemory } from "./support/fuzz/run-in-memory.ts";
import { runOverHttp } from "./support/fuzz/run-over-http.ts";
import { runs, type Step } from "./support/fuzz/steps.ts";

/*
 * Random messages in random order, with tokens of every kind: what a gate must never do it does not do, whatever comes.
 * The ordinary run plays the same 300 sequences per policy each time, and a tenth of them over HTTP, where they are slow.
 * `FUZZ_RUNS=20000 vitest run --project mcp-server security/fuzz` plays that many new ones, in a quarter of an hour. A
 * failure prints a seed and a path, which `FUZZ_SEED` and `FUZZ_PATH` play again.
 */
const { FUZZ_RUNS, FUZZ_SEED, FUZZ_PATH } = process.env;
const RUNS = Number(FUZZ_RUNS ?? 300);
const SEED = FUZZ_SEED === undefined ? (FUZZ_RUNS === undefined ? 1 : undefined) : Number(FUZZ_SEED);

/** Asserts that no run of the fuzzer ends with a violation, or with a rejection that nobody handles. */
async function assertNoViolation(
  numRuns: number,
  run: (steps: readonly Step[]) => Promise<readonly string[]>,
): Promise<void> {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const property = fc.asyncProperty(runs, async (steps) => {
    expect(await run(steps)).toEqual([]);
    expect(rejections).toEqual([]);
  });
  await fc.assert(property, {
    numRuns,
    ...(SEED === undefined ? {} : { seed: SEED }),
    ...(FUZZ_PATH === undefined ? {} : { path: FUZZ_PATH }),
  });
}

const IN_ITS_TIME = { timeout: 120_000 + 200 * RUNS };

describe.each(Object.values(VerificationPolicy))(
  "whatever is sent in whatever order, under %s,",
  (policy) => {
    test(
      "nothing that is guarded runs unverified, and nobody is answered twice, in memory",
      IN_ITS_TIME,
      async () => {
        await assertNoViolation(RUNS, (steps) => runInMemory({ policy }, steps));
      },
    );

    test(
      "the same holds with what is no JSON-RPC message, and the gate never throws",
      IN_ITS_TIME,
      async () => {
        await assertNoViolation(RUNS, (steps) => runInMemory({ policy, hasJunk: true }, steps));
      },
    );

    test(
      "the same holds over HTTP, for raw requests, batches and ids of other sessions",
      IN_ITS_TIME,
      async () => {
        await assertNoViolation(Math.ceil(RUNS / 10), (steps) => runOverHttp({ policy }, steps));
      },
    );
  },
);
