import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { describe, expect, test } from "vitest";
import { AttestingClientSession, createAttestingSession } from "../../src/index.js";
import { clientInfo, Provider } from "../support/agent.ts";
import { type HttpHost, serveHttp } from "../support/gated-http.ts";
import { GatedServer } from "../support/gated-server.ts";

const provider = new Provider();
const getToken = () => provider.token();

function serve(intercept?: Parameters<typeof serveHttp>[1]): Promise<HttpHost> {
  return serveHttp((transport) => new GatedServer(provider.verifier()).connect(transport), intercept);
}

describe("AttestingClientSession over Streamable HTTP", () => {
  test("close() ends the session at the server, with DELETE", async () => {
    const host = await serve();
    for (let round = 0; round < 3; round++) {
      const transport = new StreamableHTTPClientTransport(host.url);
      const { session } = await createAttestingSession({ transport, getToken });
      await session.callTool({ name: "any" });
      expect(host.sessions.size).toBe(1);
      await session.close();
      expect(host.sessions.size).toBe(0);
      expect(session.attestationStatus).toBeNull();
    }
    expect(host.requests.filter((method) => method === "DELETE")).toHaveLength(3);
  });

  test("await using leaves nothing open", async () => {
    const host = await serve();
    {
      const transport = new StreamableHTTPClientTransport(host.url);
      await using agent = new AttestingClientSession(clientInfo, { getToken });
      await agent.connect(transport);
      expect(host.sessions.size).toBe(1);
    }
    expect(host.sessions.size).toBe(0);
  });

  test("sends one DELETE, however often and however close together it is closed", async () => {
    const host = await serve();
    const transport = new StreamableHTTPClientTransport(host.url);
    const { session } = await createAttestingSession({ transport, getToken });
    await Promise.all([session.close(), session.close()]);
    await session.close();
    expect(host.requests.filter((method) => method === "DELETE")).toHaveLength(1);
  });

  test("sends none where the session has been ended already", async () => {
    const host = await serve();
    const transport = new StreamableHTTPClientTransport(host.url);
    const { session } = await createAttestingSession({ transport, getToken });
    await transport.terminateSession();
    await session.close();
    expect(host.requests.filter((method) => method === "DELETE")).toHaveLength(1);
  });

  test.each([
    ["answers 405", 405],
    ["answers 500", 500],
    ["breaks the connection", undefined],
  ])("closes all the same when the server %s", async (_, status) => {
    const host = await serve({
      intercept: (request, response) => {
        if (request.method !== "DELETE") return false;
        if (status === undefined) request.socket.destroy();
        else response.writeHead(status).end();
        return true;
      },
    });
    const transport = new StreamableHTTPClientTransport(host.url);
    const { session } = await createAttestingSession({ transport, getToken });
    await session.close();
    expect(session.transport).toBeUndefined();
  });

  test("closes after 5 s when the server does not answer", { timeout: 15_000 }, async () => {
    const host = await serve({ intercept: (request) => request.method === "DELETE" });
    const transport = new StreamableHTTPClientTransport(host.url);
    const { session } = await createAttestingSession({ transport, getToken });
    const startedAt = performance.now();
    await session.close();
    expect(performance.now() - startedAt).toBeGreaterThan(4_900);
    expect(session.transport).toBeUndefined();
  });

  test("leaves nothing behind after a refusal, and can connect again at once", async () => {
    const host = await serve();
    const tokens = ["a.b.c", await provider.token()];
    const session = new AttestingClientSession(clientInfo, { getToken: () => tokens.shift() ?? "" });
    await expect(session.connect(new StreamableHTTPClientTransport(host.url))).rejects.toMatchObject({
      name: "AttestationRejectedError",
      code: 1008,
    });
    expect(session.transport).toBeUndefined();
    await session.connect(new StreamableHTTPClientTransport(host.url));
    expect(session.attestationVerified).toBe(true);
    await session.close();
    expect(host.sessions.size).toBe(0);
  });
});
