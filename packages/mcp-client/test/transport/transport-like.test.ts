import type { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import type { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { WebSocketClientTransport } from "@modelcontextprotocol/sdk/client/websocket.js";
import type { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expectTypeOf, test } from "vitest";
import { type AttestingClientSession, attestTransport, type TransportLike } from "../../src/index.js";

describe("TransportLike", () => {
  test("takes the SDK's transports as they are, and is taken for one", () => {
    expectTypeOf<Transport>().toExtend<TransportLike>();
    expectTypeOf<TransportLike>().toExtend<Transport>();
    expectTypeOf<StreamableHTTPClientTransport>().toExtend<TransportLike>();
    expectTypeOf<StdioClientTransport>().toExtend<TransportLike>();
    expectTypeOf<SSEClientTransport>().toExtend<TransportLike>();
    expectTypeOf<WebSocketClientTransport>().toExtend<TransportLike>();
    expectTypeOf<InMemoryTransport>().toExtend<TransportLike>();
    expectTypeOf<StreamableHTTPClientTransport>().toExtend<
      Parameters<AttestingClientSession["connect"]>[0]
    >();
    const attest = (transport: StdioClientTransport) => attestTransport(transport, { getToken: () => "" });
    expectTypeOf(attest).returns.toEqualTypeOf<StdioClientTransport>();
  });
});
