import { describe, expect, onTestFinished, test } from "vitest";
import { readFetcherOptions } from "../../src/fetching/fetcher-options.js";
import { RemoteKeySet } from "../../src/fetching/remote-key-set.js";
import type { RemoteKeys, RemoteSource } from "../../src/fetching/remote-source.js";
import { type IssuerServer, json, startIssuer, status } from "../support/issuer-server.js";
import { Recorder } from "../support/recorder.js";

/** Keys of a kind of its own, which a first document leads to: text by name. */
function twoSteps(server: IssuerServer): RemoteSource<RemoteKeys<string>> {
  return {
    url: () => new URL(`${server.issuer}/first`),
    read: async ({ document }, ask) => {
      const { next } = document as { readonly next: string };
      const answer = await ask(new URL(next, server.issuer));
      const keys = new Map(Object.entries(answer.document as Readonly<Record<string, string>>));
      return { keySet: { keys, skipped: [] }, headers: answer.headers };
    },
  };
}

async function start(options: object = {}) {
  const server = await startIssuer((request, response) =>
    (request.url === "/first" ? json({ next: "/second" }) : json({ a: "key a" }))(request, response),
  );
  const observer = new Recorder();
  const settings = readFetcherOptions({
    allowInsecure: "loopback",
    observer,
    retry: { maxRetries: 0 },
    ...options,
  });
  const keys = new RemoteKeySet<string>("corp", twoSteps(server), settings);
  onTestFinished(() => keys.close(new Error("over")));
  return { server, observer, keys };
}

describe("RemoteKeySet", () => {
  test("finds keys of any kind where its source leads, once for all who ask", async () => {
    const { server, observer, keys } = await start();
    expect(await Promise.all(Array.from({ length: 5 }, () => keys.getKey("a")))).toEqual(
      Array(5).fill("key a"),
    );
    expect(await keys.getKey("b")).toBeUndefined();
    expect(server.requests).toEqual(["/first", "/second", "/first", "/second"]);
    expect(observer.events[0]).toMatchObject({ type: "key_set_fetched", issuer: "corp", usableKeys: 1 });
  });

  test("rejects while its server cannot be asked, and leaves a server alone that keeps failing", async () => {
    const { server, keys } = await start({ circuitBreaker: { failureThreshold: 2 } });
    server.answer = status(503);
    for (const reason of [/status 503/, /status 503/, /circuit/i])
      await expect(keys.getKey("a")).rejects.toThrow(reason);
    expect(server.requests).toHaveLength(2);
  });

  test("ends what is under way when it is closed, with the reason that is given", async () => {
    const { server, keys } = await start();
    server.answer = () => undefined;
    const waiting = keys.getKey("a");
    await expect.poll(() => server.requests.length).toBe(1);
    keys.close(new Error("the program ends"));
    await expect(waiting).rejects.toThrow("the program ends");
  });
});
