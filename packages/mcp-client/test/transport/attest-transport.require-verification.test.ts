import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { AttestingClientSession, attestTransport, UnverifiedServerError } from "../../src/index.js";
import { clientInfo, Provider } from "../support/agent.ts";
import { serveHttp } from "../support/gated-http.ts";
import { GatedServer } from "../support/gated-server.ts";
import { KEY, silentServer, statusOf } from "../support/silent-server.ts";

const demanding = { getToken: () => "a.b.c", requireVerification: true };

describe("attestTransport with requireVerification", () => {
  test.each([
    ["says nothing", {}, "not_provided"],
    ["says that verification failed", { [KEY]: statusOf("failed") }, "failed"],
    ["says something malformed", { [KEY]: { verification_status: "verified" } }, "not_provided"],
  ])("fails the SDK's own client for a server that %s", async (_, experimental, verificationStatus) => {
    const { transport } = await silentServer(experimental);
    const client = new Client(clientInfo);
    const told: Error[] = [];
    client.onerror = (error) => told.push(error);
    const connecting = client.connect(attestTransport(transport, demanding));
    await expect(connecting).rejects.toThrow(`did not verify this agent: it says "${verificationStatus}"`);
    expect(told).toEqual([expect.objectContaining({ name: "UnverifiedServerError", verificationStatus })]);
  });

  test("stays with a server that says it verified the agent", async () => {
    const { transport } = await silentServer({ [KEY]: statusOf("verified") });
    const client = new Client(clientInfo);
    await client.connect(attestTransport(transport, demanding));
    await expect(client.ping()).resolves.toEqual({});
  });

  test("sends nothing but the handshake to a server that verified nobody", async () => {
    const { server, transport } = await silentServer();
    const heard: string[] = [];
    const { onmessage } = server.transport ?? {};
    if (server.transport) {
      server.transport.onmessage = (message, extra) => {
        if ("method" in message) heard.push(message.method);
        onmessage?.(message, extra);
      };
    }
    attestTransport(transport, demanding);
    transport.onmessage = () => undefined;
    await transport.start();
    const call = { jsonrpc: "2.0", method: "tools/call", params: { name: "x" } } as const;
    await expect(transport.send({ ...call, id: 1 })).rejects.toBeInstanceOf(UnverifiedServerError);
    await transport.send({ jsonrpc: "2.0", id: 2, method: "ping" });
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
    await transport.send({ jsonrpc: "2.0", id: 3, method: "initialize", params });
    for (const method of ["notifications/initialized", "notifications/roots/list_changed"]) {
      await expect(transport.send({ jsonrpc: "2.0", method })).rejects.toThrow("did not verify this agent");
    }
    expect(heard).toEqual(["ping", "initialize"]);
  });

  test("answers no request of a server before it has verified the agent", async () => {
    const [transport, serverSide] = InMemoryTransport.createLinkedPair();
    const server = new Server({ name: "curious", version: "1" });
    await server.connect(serverSide);
    const client = new Client(clientInfo, { capabilities: { sampling: {} } });
    const sample = vi.fn();
    client.setRequestHandler(CreateMessageRequestSchema, sample);
    const { send } = serverSide;
    // A curious server sends a request of its own before it answers `initialize`.
    serverSide.send = async (message, options) => {
      const params = { messages: [], maxTokens: 1 };
      await send.call(serverSide, { jsonrpc: "2.0", id: "s", method: "sampling/createMessage", params });
      await send.call(serverSide, message, options);
    };
    await expect(client.connect(attestTransport(transport, demanding))).rejects.toThrow("did not verify");
    expect(sample).not.toHaveBeenCalled();
  });

  test("leaves no session behind at a server over HTTP that is not wanted", async () => {
    const host = await serveHttp((transport) =>
      new Server({ name: "silent", version: "1" }).connect(transport),
    );
    for (const attempt of ["client", "session"] as const) {
      const transport = new StreamableHTTPClientTransport(host.url) as Transport;
      const connecting =
        attempt === "client"
          ? new Client(clientInfo).connect(attestTransport(transport, demanding))
          : new AttestingClientSession(clientInfo, demanding).connect(transport);
      await expect(connecting).rejects.toThrow("did not verify");
      expect(host.sessions.size).toBe(0);
    }
    expect(host.requests).toEqual(["POST", "DELETE", "POST", "DELETE"]);
  });

  test("is content with a server over HTTP that verifies", async () => {
    const provider = new Provider();
    const { url } = await serveHttp((transport) => new GatedServer(provider.verifier()).connect(transport));
    const client = new Client(clientInfo);
    onTestFinished(() => client.close());
    const transport = new StreamableHTTPClientTransport(url) as Transport;
    await client.connect(
      attestTransport(transport, { getToken: () => provider.token(), requireVerification: true }),
    );
    await expect(client.callTool({ name: "any" })).resolves.toHaveProperty("content");
  });
});

describe("AttestingClientSession with requireVerification", () => {
  test("refuses a transport that takes up a session, in which nobody verifies anything", async () => {
    const { transport } = await silentServer({ [KEY]: statusOf("verified") });
    const session = new AttestingClientSession(clientInfo, demanding);
    await expect(session.connect(Object.assign(transport, { sessionId: "known" }))).rejects.toMatchObject({
      name: "UnverifiedServerError",
      verificationStatus: "not_provided",
    });
  });

  test("takes requireVerification: undefined for a mistake", () => {
    const source = { getToken: () => "a.b.c", requireVerification: undefined };
    expect(() => new AttestingClientSession(clientInfo, source as never)).toThrow(
      "requireVerification is present but undefined",
    );
  });
});
