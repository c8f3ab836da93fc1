import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { isAttestationError } from "@attest/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { RedisReplayCache } from "../src/index.js";
import { Recorder } from "./support/recorder.ts";
import { RedisServer } from "./support/redis-server.ts";

const PASSWORD = "correct-horse/é";
const ENCODED = encodeURIComponent(PASSWORD);
const quick = {
  poolSize: 1,
  socketTimeoutSeconds: 0.3,
  connectionTimeoutSeconds: 0.5,
  retryDelaySeconds: 0.05,
};

/** Returns all that anybody could see of these values. */
function shown(...values: readonly unknown[]): string {
  return values
    .map((value) => `${inspect(value, { depth: 10, showHidden: true })} ${JSON.stringify(value)}`)
    .join();
}

function expectNoPassword(text: string): void {
  expect(text).not.toContain(PASSWORD);
  expect(text).not.toContain(ENCODED);
  expect(text).not.toContain("correct-horse");
}

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Returns all that a failing cache at `url` shows of itself: the object, its status, its events and its error. */
async function failingCache(url: string): Promise<string> {
  const observer = new Recorder();
  const cache = new RedisReplayCache({ url, ...quick, fallbackEnabled: false, observer });
  onTestFinished(() => cache.close());
  const error: unknown = await cache.connect().catch((thrown: unknown) => thrown);
  expect(isAttestationError(error)).toBe(true);
  const causes = [error, (error as Error).cause, (error as { detail?: unknown }).detail];
  return shown(cache, cache.getHealthStatus(), observer.events, ...causes);
}

describe("the password in a Redis URL", async () => {
  test("opens Redis, and shows nowhere", await needs(REDIS), async () => {
    const server = await RedisServer.start("--requirepass", PASSWORD);
    onTestFinished(() => server.stop());
    const cache = new RedisReplayCache({ ...quick, url: server.url.replace("//", `//default:${ENCODED}@`) });
    onTestFinished(() => cache.close());
    await cache.connect();
    expect(await cache.checkAndAdd("id", Date.now() / 1000 + 60)).toBe(true);
    expectNoPassword(shown(cache, cache.getHealthStatus()));
  });

  test("shows nowhere when it is wrong, or nothing answers", await needs(REDIS), async () => {
    const server = await RedisServer.start("--requirepass", "another");
    onTestFinished(() => server.stop());
    expectNoPassword(await failingCache(server.url.replace("//", `//default:${ENCODED}@`)));
    const silent = await listen(() => undefined);
    expectNoPassword(await failingCache(`redis://default:${ENCODED}@127.0.0.1:${silent}`));
  });

  test("shows nowhere when a server too old repeats what it was sent", async () => {
    const port = await listen((socket) =>
      socket.on("data", () =>
        socket.write(
          `-ERR unknown command \`HELLO\`, with args beginning with: \`3\`, \`AUTH\`, \`default\`, \`${PASSWORD}\`\r\n`,
        ),
      ),
    );
    const text = await failingCache(`redis://default:${ENCODED}@127.0.0.1:${port}`);
    expectNoPassword(text);
    expect(text).toContain("unknown command");
    expect(text).not.toContain("with args");
  });

  test.each([
    `redis://default:${ENCODED}@[bad`,
    `http://default:${ENCODED}@host`,
    `redis://u:${ENCODED}@host/x`,
    `redis://:${ENCODED}%zz@host`,
    `redis://${ENCODED}%zz:${ENCODED}@host`,
    `rediss://u:${ENCODED}%@host/1`,
    `unix://u:${ENCODED}%E0%A4@/run/redis.sock`,
  ])("shows not even in the complaint about the URL", (url) => {
    expect.assertions(5);
    try {
      new RedisReplayCache({ url });
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(/^url m/);
      expectNoPassword(shown(error));
    }
  });
});

describe("a rediss URL", () => {
  test("speaks TLS from the first byte", async () => {
    const first = Promise.withResolvers<Buffer>();
    const port = await listen((socket) => socket.once("data", first.resolve));
    const cache = new RedisReplayCache({ url: `rediss://127.0.0.1:${port}`, ...quick });
    onTestFinished(() => cache.close());
    await cache.connect();
    // A handshake record (RFC 8446 §5.1).
    expect((await first.promise)[0]).toBe(22);
    expect(cache.state).toBe("degraded");
  });
});
