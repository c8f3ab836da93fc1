import {
  AttestationError,
  AttestationErrorCode,
  AttestationVerifier,
  composeVerifier,
  defineCheck,
  InMemoryKeyResolver,
  type Verifier,
} from "@attest/core";
import { FixedClock } from "@attest/core/testing";
import {
  attestServer,
  createAttestingServer,
  currentAttestation,
  requireAttestation,
} from "@attest/mcp-server";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { CallToolRequestSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ISSUER, Issuer, sonnet } from "./support/agents.ts";
import { startHttpHost } from "./support/http-host.ts";
import { connectRaw, initializeParams, openRaw } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

const codeOf = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);

/** A verifier that waits until it is told to go on, and then accepts or refuses. */
function heldVerifier(
  issuer: Issuer,
  { refuses = false } = {},
): { verifier: AttestationVerifier; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wait = defineCheck("wait", async () => {
    await promise;
    if (refuses) throw new AttestationError(AttestationErrorCode.UNKNOWN_ISSUER);
  });
  return { verifier: issuer.verifier({ checks: [wait] }), release: resolve };
}

describe("AttestationGate", () => {
  test("holds what arrives during verification back and answers it in order afterwards", async () => {
    const issuer = new Issuer();
    const { verifier, release } = heldVerifier(issuer);
    const { request, received } = await connectRaw(createWeatherServer(verifier));
    const initialize = request("initialize", initializeParams(await issuer.token()));
    const call = request("tools/call", { name: "who-am-i" });
    await expect(request("ping")).resolves.toMatchObject({ result: {} });
    expect(received).toHaveLength(1);
    release();
    await expect(initialize).resolves.toHaveProperty("result.serverInfo");
    await expect(call).resolves.toMatchObject({
      result: { content: [{ text: "spiffe://anthropic.com/model/claude-sonnet-4" }] },
    });
    expect(received.map((message) => "id" in message && message.id)).toEqual([3, 1, 2]);
  });

  test("fails what waited when initialize is refused, and closes", async () => {
    const issuer = new Issuer();
    const { verifier, release } = heldVerifier(issuer, { refuses: true });
    const ran = vi.fn();
    const server = createAttestingServer("test", verifier);
    server.registerTool("run", {}, async () => {
      ran();
      return { content: [] };
    });
    const { request, isClosed } = await connectRaw(server);
    const initialize = request("initialize", initializeParams(await issuer.token()));
    const call = request("tools/call", { name: "run" });
    release();
    expect(codeOf(await initialize)).toBe(AttestationErrorCode.UNKNOWN_ISSUER);
    expect(codeOf(await call)).toBe(AttestationErrorCode.UNKNOWN_ISSUER);
    await vi.waitFor(() => expect(isClosed()).toBe(true));
    await expect(request("tools/call", { name: "run" })).rejects.toThrow();
    expect(ran).not.toHaveBeenCalled();
  });

  test("keeps at most maxQueuedMessages and refuses the rest", async () => {
    const issuer = new Issuer();
    const { verifier, release } = heldVerifier(issuer);
    const { request } = await connectRaw(createWeatherServer(verifier, { maxQueuedMessages: 2 }));
    const initialize = request("initialize", initializeParams(await issuer.token()));
    const kept = [request("tools/list"), request("tools/list")];
    expect(codeOf(await request("tools/list"))).toBe(AttestationErrorCode.ATTESTATION_REQUIRED);
    release();
    await initialize;
    for (const answer of await Promise.all(kept)) expect(answer).toHaveProperty("result.tools");
  });

  test("refuses a second initialize and keeps the session as it was", async () => {
    const issuer = new Issuer();
    const { request } = await connectRaw(createWeatherServer(issuer.verifier()));
    await request("initialize", initializeParams(await issuer.token()));
    expect(codeOf(await request("initialize", initializeParams(await issuer.token())))).toBe(-32600);
    await expect(request("tools/call", { name: "steer-clouds" })).resolves.toHaveProperty("result.content");
  });

  test("takes the token out of what the server sees and leaves other experimental capabilities in", async () => {
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier(), {
      serverOptions: { capabilities: { experimental: { mine: { x: 1 } } } },
    });
    const { request } = await connectRaw(server);
    const answer = await request("initialize", initializeParams(await issuer.token(), { theirs: { y: 2 } }));
    expect(server.server.getClientCapabilities()).toEqual({ experimental: { theirs: { y: 2 } } });
    expect(answer).toHaveProperty("result.capabilities.experimental.mine", { x: 1 });
    expect(answer).toHaveProperty(
      ["result", "capabilities", "experimental", "security.attestation", "trust_level"],
      "provider",
    );
  });

  const failing: readonly (readonly [string, Verifier["verify"]])[] = [
    ["throws", () => Promise.reject(new Error("database password is hunter2"))],
    ["hangs", () => new Promise(() => undefined)],
  ];
  describe.each(failing)("with a verifier that %s", (_, verify) => {
    const broken = (policy: "required" | "optional"): Verifier => ({
      ...composeVerifier([defineCheck("signature", () => undefined)], { policy }),
      verify,
    });

    test("refuses as an internal error, without a word about it, when attestation is required", async () => {
      const server = createWeatherServer(broken("required"), { verificationTimeoutSeconds: 0.05 });
      const errors: Error[] = [];
      server.server.onerror = (error) => errors.push(error);
      const { request, isClosed } = await connectRaw(server);
      await expect(request("initialize", initializeParams("a.b.c"))).resolves.toMatchObject({
        error: { code: -32603, message: "Internal error" },
      });
      expect(isClosed()).toBe(true);
      expect(errors).toHaveLength(1);
    });

    test("lets the session in unattested when attestation is optional", async () => {
      const { request } = await connectRaw(
        createWeatherServer(broken("optional"), { verificationTimeoutSeconds: 0.05 }),
      );
      const answer = await request("initialize", initializeParams("a.b.c"));
      expect(answer).toHaveProperty(
        ["result", "capabilities", "experimental", "security.attestation", "verification_status"],
        "failed",
      );
      expect(codeOf(await request("tools/call", { name: "steer-clouds" }))).toBe(
        AttestationErrorCode.ATTESTATION_REQUIRED,
      );
    });
  });

  test("tells onUnattested when a session proceeds unattested under preferred", async () => {
    const onUnattested = vi.fn();
    const { request } = await connectRaw(
      createWeatherServer(new Issuer().verifier({ policy: "preferred" }), { onUnattested }),
    );
    await request("initialize", initializeParams());
    expect(onUnattested).toHaveBeenCalledExactlyOnceWith("An attestation is required.");
  });

  test("ends the context with the token, and keeps it for the connection when told so", async () => {
    const issuer = new Issuer();
    const clock = new FixedClock(Date.now() / 1000);
    const { request } = await connectRaw(
      createWeatherServer(issuer.verifier({ clock, clockSkewSeconds: 30 })),
    );
    const lasting = await connectRaw(
      createWeatherServer(issuer.verifier({ clock }), { sessionLifetime: "connection" }),
    );
    await request("initialize", initializeParams(await issuer.token({ lifetimeSeconds: 300 })));
    await lasting.request("initialize", initializeParams(await issuer.token({ lifetimeSeconds: 300 })));
    clock.advance(325);
    await expect(request("tools/call", { name: "steer-clouds" })).resolves.toHaveProperty("result.content");
    clock.advance(10);
    expect(codeOf(await request("tools/call", { name: "steer-clouds" }))).toBe(
      AttestationErrorCode.TOKEN_EXPIRED,
    );
    await expect(request("tools/call", { name: "sky" })).resolves.toHaveProperty("result.content");
    await expect(lasting.request("tools/call", { name: "steer-clouds" })).resolves.toHaveProperty(
      "result.content",
    );
  });

  test("lets the client try again after the server itself refused initialize", async () => {
    const issuer = new Issuer();
    const { request } = await connectRaw(createWeatherServer(issuer.verifier()));
    const { clientInfo: _, ...incomplete } = initializeParams(await issuer.token());
    expect(await request("initialize", incomplete)).toHaveProperty("error");
    expect(codeOf(await request("tools/list"))).toBe(AttestationErrorCode.ATTESTATION_REQUIRED);
    await expect(request("initialize", initializeParams(await issuer.token()))).resolves.toHaveProperty(
      "result",
    );
  });

  test("drops a session that is closed during its verification", async () => {
    const issuer = new Issuer();
    const { verifier, release } = heldVerifier(issuer);
    const server = createWeatherServer(verifier);
    const [client, serverSide] = InMemoryTransport.createLinkedPair();
    await server.connect(serverSide);
    const { request, received } = await openRaw(client);
    void request("initialize", initializeParams(await issuer.token()));
    await client.close();
    release();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(received).toEqual([]);
    expect(server.isConnected()).toBe(false);
  });
});

describe("AttestationGate over stateful HTTP", () => {
  async function post(url: URL, body: unknown, sessionId?: string): Promise<Response> {
    return fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
      },
      body: JSON.stringify(body),
    });
  }
  const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "sky" } };

  test("answers 404 to the session id of a refused initialize, and the host forgets it", async () => {
    const verifier = new Issuer().verifier();
    const host = await startHttpHost(() => createWeatherServer(verifier));
    onTestFinished(() => host.close());
    const refused = await post(host.url, {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: initializeParams("a.b.c"),
    });
    const sessionId = refused.headers.get("mcp-session-id") ?? "";
    expect(sessionId).not.toBe("");
    expect(await refused.text()).toContain("1008");
    expect((await post(host.url, call, sessionId)).status).toBe(404);
    expect(host.sessions.size).toBe(0);
  });

  test("answers no call that races its own verification with the session id from the headers", async () => {
    const issuer = new Issuer();
    const { verifier, release } = heldVerifier(issuer, { refuses: true });
    const host = await startHttpHost(() => createWeatherServer(verifier));
    onTestFinished(() => host.close());
    const params = initializeParams(await issuer.token());
    const initialize = await post(host.url, { jsonrpc: "2.0", id: 1, method: "initialize", params });
    const racing = await post(host.url, call, initialize.headers.get("mcp-session-id") ?? "");
    expect(racing.status).toBe(200);
    release();
    const answer = await racing.text();
    expect(answer).toContain("1004");
    expect(answer).not.toContain("blue");
  });

  test("refuses a stateless server's requests without evidence under required, and tells both sides why", async () => {
    const issuer = new Issuer();
    const observer = { record: vi.fn() };
    const verifier = issuer.verifier();
    const host = await startHttpHost(() => createWeatherServer(verifier, { observer }), { stateless: true });
    onTestFinished(() => host.close());
    const answer = await (await post(host.url, call)).text();
    expect(answer).toContain('"reason":"attestation_required"');
    expect(answer).toContain('"proof":"each-request"');
    expect(observer.record).toHaveBeenCalledWith(
      expect.objectContaining({ type: "denied", detail: expect.stringContaining("no evidence came") }),
    );
  });

  test("serves a stateless server's request with the agent of the evidence in it, once for a token that is not bound", async () => {
    const issuer = new Issuer();
    const ran = vi.fn();
    const verifier = issuer.verifier();
    const host = await startHttpHost(
      () => {
        const server = createWeatherServer(verifier);
        server.registerTool("meta", {}, async ({ _meta }) => {
          ran(_meta, currentAttestation()?.subject);
          return { content: [] };
        });
        return server;
      },
      { stateless: true },
    );
    onTestFinished(() => host.close());
    const _meta = { "security.attestation": { version: "0.1.0", token: await issuer.token() }, other: 1 };
    const presented = { ...call, params: { name: "meta", _meta } };
    await (await post(host.url, presented)).text();
    expect(ran).toHaveBeenCalledExactlyOnceWith({ other: 1 }, sonnet.toSpiffeId());
    expect(await (await post(host.url, presented)).text()).toContain("replay_detected");
    expect(ran).toHaveBeenCalledOnce();
  });

  test("lets a stateless server's calls in unattested under optional", async () => {
    const verifier = new Issuer().verifier({ policy: "optional" });
    const host = await startHttpHost(() => createWeatherServer(verifier), { stateless: true });
    onTestFinished(() => host.close());
    expect(await (await post(host.url, call)).text()).toContain("blue");
  });

  test("keeps transports usable whose user set callbacks before connect", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const host = await startHttpHost(() => createWeatherServer(verifier));
    onTestFinished(() => host.close());
    const { request } = await openRaw(new StreamableHTTPClientTransport(host.url) as Transport);
    await request("initialize", initializeParams(await issuer.token()));
    const [transport] = host.sessions.values();
    await transport?.close();
    expect(host.sessions.size).toBe(0);
  });
});

describe("attestServer", () => {
  test("gates a low-level Server and keeps code and data of a guard's error", async () => {
    const issuer = new Issuer();
    const server = attestServer(new Server({ name: "low", version: "1" }, { capabilities: { tools: {} } }), {
      verifier: issuer.verifier({ policy: "optional" }),
    });
    server.setRequestHandler(
      CallToolRequestSchema,
      requireAttestation({ trustLevel: "provider" }, async () => ({
        content: [{ type: "text", text: currentAttestation()?.subject ?? "nobody" }],
      })),
    );
    const stranger = await connectRaw(server);
    await stranger.request("initialize", initializeParams());
    await expect(stranger.request("tools/call", { name: "any" })).resolves.toMatchObject({
      error: { code: AttestationErrorCode.ATTESTATION_REQUIRED, data: { policy: "optional" } },
    });
    await server.close();
    const agent = await connectRaw(server);
    await agent.request("initialize", initializeParams(await issuer.token()));
    await expect(agent.request("tools/call", { name: "any" })).resolves.toMatchObject({
      result: { content: [{ text: "spiffe://anthropic.com/model/claude-sonnet-4" }] },
    });
  });

  test("leaves no way around through the Server inside an McpServer", async () => {
    const server = attestServer(new McpServer({ name: "high", version: "1" }), {
      verifier: new Issuer().verifier(),
    });
    const { request } = await connectRaw(server.server);
    expect(codeOf(await request("initialize", initializeParams()))).toBe(
      AttestationErrorCode.ATTESTATION_REQUIRED,
    );
  });

  test("throws a TypeError for a server attested twice, no server, or no verifier", () => {
    const verifier = new Issuer().verifier();
    const server = attestServer(new McpServer({ name: "once", version: "1" }), { verifier });
    expect(() => attestServer(server, { verifier })).toThrow(TypeError);
    expect(() => attestServer(server.server, { verifier })).toThrow("this server is attested already");
    expect(() => attestServer({} as McpServer, { verifier })).toThrow(/server must be/);
    expect(() =>
      attestServer(new McpServer({ name: "x", version: "1" }), { verifier: {} as Verifier }),
    ).toThrow(/verifier must be/);
  });
});

describe("a verifier without an audience", () => {
  test("is warned of once, and not where any audience was meant", async () => {
    const warnings: unknown[] = [];
    const listen = (warning: Error & { code?: string }) => void warnings.push(warning.code);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const keyResolver = new InMemoryKeyResolver();
    const unstated = new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver });
    const any = new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, audience: null });
    for (const verifier of [unstated, unstated, any]) createWeatherServer(verifier);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.filter((code) => code === "ATTEST_NO_AUDIENCE")).toHaveLength(1);
  });
});
