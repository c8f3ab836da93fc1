import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { attestTransport } from "../../src/index.js";
import { tapIncoming } from "../../src/transport/tap.js";
import { clientInfo, Provider } from "../support/agent.ts";
import { serveHttp } from "../support/gated-http.ts";
import { GatedServer } from "../support/gated-server.ts";

const message: JSONRPCMessage = { jsonrpc: "2.0", method: "notifications/message", params: {} };

function plainTransport(): Transport {
  return { start: async () => undefined, send: async () => undefined, close: async () => undefined };
}

describe("attestTransport", () => {
  test.each(["before it attests", "after it attests"])(
    "connects a client over a transport whose onmessage was set %s, and that listener hears all",
    async (when) => {
      const provider = new Provider();
      const { url } = await serveHttp((transport) => new GatedServer(provider.verifier()).connect(transport));
      const transport = new StreamableHTTPClientTransport(url) as Transport;
      const heard: JSONRPCMessage[] = [];
      const listen = () => {
        transport.onmessage = (each) => heard.push(each);
      };
      if (when === "before it attests") listen();
      attestTransport(transport, { getToken: () => provider.token() });
      if (when === "after it attests") listen();
      await using client = new DisposableClient();
      await client.connect(transport);
      await client.callTool({ name: "any" });
      expect(heard.map((each) => ("result" in each ? each.id : "no answer"))).toEqual([0, 1]);
    },
  );
});

/** The SDK's client, which is closed when its block ends. */
class DisposableClient extends Client {
  constructor() {
    super(clientInfo);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

describe("tapIncoming", () => {
  test("looks once at a message that listeners hand on to one another", () => {
    const transport = plainTransport();
    const look = vi.fn(() => "pass" as const);
    tapIncoming(transport, look);
    const [first, last] = [vi.fn(), vi.fn()];
    transport.onmessage = first;
    for (let layer = 0; layer < 3; layer++) {
      const inner = transport.onmessage;
      transport.onmessage = (each, extra) => {
        inner?.(each, extra);
        if (layer === 2) last(each, extra);
      };
    }
    const extra = { authInfo: { token: "t", clientId: "c", scopes: [] } };
    transport.onmessage?.(message, extra);
    expect(look).toHaveBeenCalledExactlyOnceWith(message);
    expect(first).toHaveBeenCalledExactlyOnceWith(message, extra);
    expect(last).toHaveBeenCalledExactlyOnceWith(message, extra);
  });

  test("looks again at the same message when it comes a second time", () => {
    const transport = plainTransport();
    const look = vi.fn(() => "pass" as const);
    tapIncoming(transport, look);
    transport.onmessage = () => undefined;
    transport.onmessage(message);
    transport.onmessage(message);
    expect(look).toHaveBeenCalledTimes(2);
  });

  test("keeps from every listener what is withheld, and hands it over when told to", () => {
    const transport = plainTransport();
    const deliver = tapIncoming(transport, () => "withhold");
    const [first, second] = [vi.fn(), vi.fn()];
    transport.onmessage = first;
    const inner = transport.onmessage;
    transport.onmessage = (each) => {
      inner?.(each);
      second(each);
    };
    transport.onmessage(message);
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    deliver(message as Parameters<typeof deliver>[0]);
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  test("goes on after a listener that threw", () => {
    const transport = plainTransport();
    const look = vi.fn(() => "pass" as const);
    tapIncoming(transport, look);
    transport.onmessage = () => {
      throw new Error("listener");
    };
    for (let round = 0; round < 2; round++) expect(() => transport.onmessage?.(message)).toThrow("listener");
    expect(look).toHaveBeenCalledTimes(2);
  });

  test("shows no listener where none is set, since transports keep early messages until there is one", () => {
    const transport = plainTransport();
    tapIncoming(transport, () => "pass");
    expect(transport.onmessage).toBeUndefined();
    transport.onmessage = () => undefined;
    expect(transport.onmessage).toBeTypeOf("function");
    transport.onmessage = undefined;
    expect(transport.onmessage).toBeUndefined();
  });

  test("reaches the listener inside a transport that has onmessage as an accessor", () => {
    class Wrapper {
      readonly inner = plainTransport();
      start = this.inner.start;
      send = this.inner.send;
      close = this.inner.close;
      get onmessage() {
        return this.inner.onmessage;
      }
      set onmessage(listener: Transport["onmessage"]) {
        this.inner.onmessage = listener;
      }
    }
    const wrapper = new Wrapper();
    const look = vi.fn(() => "pass" as const);
    tapIncoming(wrapper, look);
    const listener = vi.fn();
    wrapper.onmessage = listener;
    wrapper.inner.onmessage?.(message);
    expect(look).toHaveBeenCalledTimes(1);
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
