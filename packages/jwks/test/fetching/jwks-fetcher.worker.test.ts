import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { KeyPair } from "@attest/core";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { needsWorkerd, serveWorker } from "../../../core/test/support/workerd.js";
import type { JWKSFetcherMetrics } from "../../src/fetching/fetcher-status.js";
import { json, startIssuer, status } from "../support/issuer-server.js";

const TTL_SECONDS = 2;
const REQUEST_TIMEOUT_SECONDS = 0.8;

const key = KeyPair.generate("key-1");
const keySet = json({ keys: [key.toJwk()] });

interface Answer {
  readonly outcome: "found" | "not found" | string;
  readonly metrics: JWKSFetcherMetrics;
}

/** A Worker with one fetcher in module scope. `?linger=<ms>` keeps a request alive after its look-up. */
async function startWorker(issuer: string) {
  const program = `
    import { JWKSFetcher } from "@attest/jwks";
    const fetcher = new JWKSFetcher({
      allowInsecure: "loopback",
      cacheTtlSeconds: ${TTL_SECONDS},
      requestTimeoutSeconds: ${REQUEST_TIMEOUT_SECONDS},
      unknownKeyCooldownSeconds: 0.1,
      retry: { maxRetries: 0 },
    });
    export default {
      async fetch(request) {
        const { searchParams } = new URL(request.url);
        const outcome = await fetcher.getKey(${JSON.stringify(issuer)}, "key-1").then(
          (key) => (key === undefined ? "not found" : "found"),
          (error) => error.code + " " + error.cause?.message,
        );
        await new Promise((resolve) => setTimeout(resolve, Number(searchParams.get("linger") ?? 0)));
        return Response.json({ outcome, metrics: fetcher.metrics });
      },
    };
  `;
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2023",
    external: ["events", "node:events"],
    // Cloudflare's own bundler makes this of a `require` of Node's modules.
    banner: { js: 'import nodeEvents from "node:events"; const require = () => nodeEvents;' },
    logLevel: "silent",
  });
  const origin = await serveWorker(outputFiles[0]?.text ?? "", ["nodejs_compat"]);
  return async (linger = 0): Promise<Answer> => {
    const response = await fetch(`${origin}/?linger=${linger}`, { signal: AbortSignal.timeout(5000) });
    if (response.status !== 200) return { outcome: await response.text(), metrics: {} as JWKSFetcherMetrics };
    return (await response.json()) as Answer;
  };
}

const found = (answers: readonly Answer[]) => answers.map(({ outcome }) => outcome);

/** Starts a Worker that has the key set, and waits until a look-up would fetch it anew in the background. */
async function atTheLastFifth() {
  const issuer = await startIssuer(keySet);
  const look = await startWorker(issuer.issuer);
  expect(await look()).toMatchObject({ outcome: "found" });
  const fetchedAt = performance.now();
  const until = (seconds: number) => sleep(fetchedAt + seconds * 1000 - performance.now());
  await until(TTL_SECONDS * 0.85);
  return { issuer, look, until };
}

describe("JWKSFetcher in a Worker", { ...needsWorkerd(), timeout: 60_000 }, () => {
  test("refreshes the key set in the background of a request", async () => {
    const { issuer, look, until } = await atTheLastFifth();
    expect(await look(100)).toMatchObject({ outcome: "found" });
    expect(issuer.requests).toHaveLength(2);
    await until(TTL_SECONDS + 0.2);
    expect(await look()).toMatchObject({ outcome: "found", metrics: { fetchSuccess: 2, staleServed: 0 } });
    expect(issuer.requests).toHaveLength(2);
  });

  test("is not stuck when the refresh dies with its request, whenever the next look-ups come", async () => {
    const { issuer, look, until } = await atTheLastFifth();
    issuer.answer = () => undefined;
    expect(await look()).toMatchObject({ outcome: "found" });
    await expect.poll(() => issuer.requests.length).toBe(2);
    issuer.answer = keySet;
    // While the dead fetch might still be alive, and the set has run out.
    await until(TTL_SECONDS + 0.1);
    expect(found(await Promise.all([look(), look(), look()]))).toEqual(["found", "found", "found"]);
    await until(TTL_SECONDS + 0.1 + REQUEST_TIMEOUT_SECONDS);
    expect(found(await Promise.all([look(), look(), look()]))).toEqual(["found", "found", "found"]);
  });

  test("is not stuck when the first look-up of all dies, and its request with it", async () => {
    const issuer = await startIssuer(() => undefined);
    const look = await startWorker(issuer.issuer);
    const failed = await look();
    expect(failed.outcome).toMatch(/^1010 /);
    issuer.answer = keySet;
    expect(found(await Promise.all([look(), look()]))).toEqual(["found", "found"]);
  });

  test("serves the old set while refreshes fail, and the new one afterwards", async () => {
    const { issuer, look, until } = await atTheLastFifth();
    issuer.answer = status(404);
    expect(await look(100)).toMatchObject({ outcome: "found" });
    await until(TTL_SECONDS + 0.1);
    expect(await look(100)).toMatchObject({ outcome: "found", metrics: { fetchSuccess: 1 } });
    issuer.answer = keySet;
    await expect
      .poll(async () => (await look(100)).metrics.fetchSuccess, { timeout: 10_000, interval: 200 })
      .toBeGreaterThanOrEqual(2);
  });
});
