import { createHook } from "node:async_hooks";
import { FixedClock } from "@attest/core/testing";
import { describe, expect, test } from "vitest";
import { attestTransport, type TransportLike } from "../../src/index.js";
import { Provider } from "../support/agent.ts";
import { KEY, statusOf } from "../support/silent-server.ts";

/** How many promises `send` makes, as long as nothing else runs. */
function promisesOf(send: () => Promise<void>): number {
  let made = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === "PROMISE") made += 1;
    },
  }).enable();
  void send();
  hook.disable();
  return made;
}

/** A transport whose every message arrives nowhere, and costs the one promise that is returned. */
function nowhere(): TransportLike {
  return { start: async () => undefined, send: () => Promise.resolve(), close: async () => undefined };
}

describe("a request for which nothing is due", () => {
  test("costs one promise more than without attestation, and a notification none", async () => {
    const clock = new FixedClock(1_800_000_000);
    const provider = new Provider({ clock });
    const [plain, attesting] = [nowhere(), nowhere()];
    attestTransport(attesting, { getToken: () => provider.token(), clock });
    attesting.onmessage = () => undefined;
    await attesting.send({ jsonrpc: "2.0", id: 0, method: "initialize", params: {} } as never);
    const capabilities = { experimental: { [KEY]: statusOf("verified") } };
    attesting.onmessage({ jsonrpc: "2.0", id: 0, result: { capabilities } } as never);

    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "any" } } as const;
    const notification = { jsonrpc: "2.0", method: "notifications/progress", params: {} } as const;
    expect(promisesOf(() => plain.send(call))).toBe(1);
    expect(promisesOf(() => attesting.send(call))).toBe(2);
    expect(promisesOf(() => attesting.send(notification))).toBe(1);
  });
});
