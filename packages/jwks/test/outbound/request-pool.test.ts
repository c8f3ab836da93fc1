import { setImmediate, setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RequestPool } from "../../src/outbound/request-pool.js";

const never = new AbortController().signal;

/** A request that ends when it is told to. */
function pending(log: string[], name: string) {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const request = async () => {
    log.push(name);
    await ended;
    return name;
  };
  return { request, end: () => end() };
}

describe("RequestPool", () => {
  test("runs as many as it has places, and the next in order as each ends", async () => {
    const log: string[] = [];
    const pool = new RequestPool(2, 60);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => pending(log, name));
    const runs = [a, b, c, d].map((one) => pool.run(one?.request ?? (() => Promise.resolve("")), never));
    await setImmediate();
    expect(log).toEqual(["a", "b"]);
    b?.end();
    expect(await runs[1]).toBe("b");
    await setImmediate();
    expect(log).toEqual(["a", "b", "c"]);
    for (const one of [a, c, d]) one?.end();
    expect(await Promise.all(runs)).toEqual(["a", "b", "c", "d"]);
  });

  test("gives the place of a request that fails to the next one", async () => {
    const pool = new RequestPool(1, 60);
    const failed = pool.run(() => Promise.reject(new Error("down")), never);
    const next = pool.run(async () => "next", never);
    await expect(failed).rejects.toThrow("down");
    expect(await next).toBe("next");
  });

  test("takes the places of requests back that died without a word, and hands them on in order", async () => {
    const log: string[] = [];
    const pool = new RequestPool(1, 0.05);
    void pool.run(() => new Promise(() => undefined), never);
    const waiting = pool.run(async () => log.push("waiting"), never);
    await setTimeout(60);
    expect(log).toEqual([]);
    await pool.run(async () => log.push("next"), never);
    await waiting;
    expect(log).toEqual(["waiting", "next"]);
  });

  test("does not hand a place on twice when a request ends after its place was taken back", async () => {
    const log: string[] = [];
    const pool = new RequestPool(1, 0.05);
    const late = pending(log, "late");
    const lateEnd = pool.run(late.request, never);
    await setTimeout(60);
    const second = pending(log, "second");
    const secondEnd = pool.run(second.request, never);
    const third = pool.run(async () => log.push("third"), never);
    await setImmediate();
    late.end();
    await lateEnd;
    await setImmediate();
    expect(log).toEqual(["late", "second"]);
    second.end();
    await Promise.all([secondEnd, third]);
  });

  test("lets one that is aborted go from the queue, and keeps its place for nobody", async () => {
    const log: string[] = [];
    const pool = new RequestPool(1, 60);
    const first = pending(log, "first");
    const running = pool.run(first.request, never);
    const controller = new AbortController();
    const aborted = pool.run(pending(log, "aborted").request, controller.signal);
    const last = pool.run(async () => "last", never);
    controller.abort(new Error("over"));
    await expect(aborted).rejects.toThrow("over");
    first.end();
    await running;
    expect(await last).toBe("last");
    expect(log).toEqual(["first"]);
  });

  test("hands a place on that was given to one in the moment it was aborted", async () => {
    const log: string[] = [];
    const pool = new RequestPool(1, 60);
    const controller = new AbortController();
    const running = pool.run(async () => {
      // The turn of the next comes right after this, and its signal is aborted in between.
      queueMicrotask(() => controller.abort(new Error("over")));
    }, never);
    const aborted = pool.run(pending(log, "aborted").request, controller.signal).catch(() => "over");
    const last = pool.run(async () => "last", never);
    await running;
    expect(await last).toBe("last");
    expect(["over", "aborted"]).toContain(await Promise.race([aborted, Promise.resolve("over")]));
  });
});
