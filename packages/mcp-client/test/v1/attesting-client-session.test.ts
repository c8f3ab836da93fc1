import { AgentIdentity, AttestationProvider, decodeToken, KeyPair } from "@attest/core";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { AttestationRejectedError, AttestingClientSession, type TokenSource } from "../../src/index.js";
import { clientInfo } from "../support/agent.ts";
import { KEY, silentServer, statusOf } from "../support/silent-server.ts";

describe("AttestingClientSession", () => {
  test("presents the token with its version, algorithms and types, and keeps other experimental capabilities", async () => {
    const { server, transport } = await silentServer();
    const getToken = vi.fn(() => "a.b.c");
    const source = { getToken, targetAudience: "https://mcp.example.com" };
    const session = new AttestingClientSession(clientInfo, source, {
      capabilities: { experimental: { mine: { x: 1 } } },
    });
    await session.connect(transport);
    expect(getToken).toHaveBeenCalledExactlyOnceWith({ audience: "https://mcp.example.com" });
    expect(server.getClientCapabilities()?.experimental).toEqual({
      mine: { x: 1 },
      [KEY]: {
        version: "0.1.0",
        token: "a.b.c",
        supported_algorithms: ["EdDSA", "Ed25519"],
        attestation_types: ["provider", "enterprise"],
      },
    });
  });

  test("reports a server that says nothing as not_provided, and null before connecting", async () => {
    const { transport } = await silentServer();
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c" });
    expect(session.attestationStatus).toBeNull();
    await session.connect(transport);
    expect(session.attestationStatus).toEqual({ verificationStatus: "not_provided", trustLevel: "none" });
    expect(session.attestationVerified).toBe(false);
  });

  test("believes no capability that is malformed", async () => {
    const { transport } = await silentServer({
      [KEY]: { verification_status: "verified", trust_level: "root" },
    });
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c" });
    await session.connect(transport);
    expect(session.attestationVerified).toBe(false);
  });

  test.each([
    ["says nothing", {}, "not_provided"],
    ["says that it failed", { [KEY]: statusOf("failed") }, "failed"],
  ])(
    "closes and throws for a server that %s, when verification is required",
    async (_, experimental, status) => {
      const { server, transport } = await silentServer(experimental);
      const closed = vi.fn();
      server.onclose = closed;
      const session = new AttestingClientSession(clientInfo, {
        getToken: () => "a.b.c",
        requireVerification: true,
      });
      await expect(session.connect(transport)).rejects.toMatchObject({
        name: "UnverifiedServerError",
        verificationStatus: status,
      });
      expect(closed).toHaveBeenCalled();
      expect(session.attestationStatus).toBeNull();
    },
  );

  test("stays with a server that says it verified the agent, when verification is required", async () => {
    const { transport } = await silentServer({ [KEY]: statusOf("verified") });
    const session = new AttestingClientSession(clientInfo, {
      getToken: () => "a.b.c",
      requireVerification: true,
    });
    await session.connect(transport);
    expect(session.attestationVerified).toBe(true);
  });

  test("mints a fresh token for every connect", async () => {
    const getToken = vi.fn(() => `token-${getToken.mock.calls.length}`);
    const session = new AttestingClientSession(clientInfo, { getToken });
    const seen: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const { server, transport } = await silentServer();
      await session.connect(transport);
      seen.push(server.getClientCapabilities()?.experimental?.[KEY]);
      await session.close();
    }
    expect(seen).toMatchObject([{ token: "token-1" }, { token: "token-2" }]);
  });

  test("signs for itself with a provider's key, for the subject it is told", async () => {
    const { server, transport } = await silentServer();
    const subject = "spiffe://corp.example/agents/7";
    const attestationProvider = new AttestationProvider({
      issuer: "https://id.corp.example",
      keyPair: KeyPair.generate(),
    });
    const agentIdentity = new AgentIdentity({ modelFamily: "m", modelVersion: "m-1", provider: "p" });
    const source = { attestationProvider, agentIdentity, subject, targetAudience: "https://mcp.example.com" };
    await new AttestingClientSession(clientInfo, source).connect(transport);
    const presented = server.getClientCapabilities()?.experimental?.[KEY] as { token: string } | undefined;
    expect(decodeToken(presented?.token ?? "").claims).toMatchObject({
      sub: subject,
      aud: ["https://mcp.example.com"],
    });
  });

  test("fails to connect with the token source's own error", async () => {
    const failure = new Error("the provider answered 503");
    for (const getToken of [() => Promise.reject(failure), () => "" as string]) {
      const { transport } = await silentServer();
      const connecting = new AttestingClientSession(clientInfo, { getToken }).connect(transport);
      await expect(connecting).rejects.toThrow(/503|must return a token/);
    }
  });

  test("throws a TypeError that names the option for a source that is none", () => {
    const agentIdentity = new AgentIdentity({ modelFamily: "m", modelVersion: "m-1", provider: "p" });
    const attestationProvider: Pick<AttestationProvider, "createToken"> = { createToken: async () => "" };
    const getToken = () => "a.b.c";
    const sources: readonly (readonly [RegExp, unknown])[] = [
      [/AttestingClientSession needs a token source, got undefined: give either getToken/, undefined],
      [/needs a token source, got null/, null],
      [/getToken must be a function/, { getToken: "token" }],
      [/either getToken, or attestationProvider/, {}],
      [/agentIdentity must be an AgentIdentity/, { attestationProvider, targetAudience: "a" }],
      [/targetAudience must be a non-empty string/, { attestationProvider, agentIdentity }],
      [/targetAudience must be a non-empty string/, { getToken, targetAudience: "" }],
      [/unknown option "targetAudiance"/, { getToken, targetAudiance: "a" }],
      [/agentIdentity is of no use beside getToken/, { getToken, agentIdentity }],
    ];
    for (const [message, source] of sources) {
      const construct = () => new AttestingClientSession(clientInfo, source as TokenSource);
      expect(construct).toThrow(TypeError);
      expect(construct).toThrow(message);
    }
  });

  test("throws a TypeError for client information without name and version", () => {
    for (const info of [undefined, "agent", { name: "agent" }, { name: "", version: "1" }]) {
      const construct = () => new AttestingClientSession(info as never, { getToken: () => "a.b.c" });
      expect(construct).toThrow(/clientInfo must have/);
    }
  });

  test("forgets what the server said when the session is closed, by either side", async () => {
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c" });
    for (const side of ["client", "server"]) {
      const { server, transport } = await silentServer();
      await session.connect(transport);
      expect(session.attestationStatus).not.toBeNull();
      await (side === "client" ? session : server).close();
      expect(session.attestationStatus).toBeNull();
      expect(session.attestationVerified).toBe(false);
      expect(session.initializeResult).toBeUndefined();
    }
  });

  test("keeps the session, and the new transport usable, when told to connect while connected", async () => {
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c" });
    const [first, second] = [await silentServer(), await silentServer()];
    await session.connect(first.transport);
    await expect(session.connect(second.transport)).rejects.toThrow(/[Aa]lready connected/);
    expect(session.attestationStatus).not.toBeNull();
    await session.close();
    await session.connect(second.transport);
    expect(second.server.getClientCapabilities()?.experimental).toHaveProperty([KEY]);
  });

  test("asks for a new transport after an attempt that failed, and connects with one", async () => {
    const getToken = vi.fn(() => "a.b.c").mockRejectedValueOnce(new Error("the provider answered 503"));
    const session = new AttestingClientSession(clientInfo, { getToken });
    const { transport } = await silentServer();
    await expect(session.connect(transport)).rejects.toThrow("503");
    await expect(session.connect(transport)).rejects.toThrow(/takes a new one/);
    await session.connect((await silentServer()).transport);
    expect(session.attestationStatus).not.toBeNull();
  });

  test("leaves errors that are not about attestation as they are", async () => {
    const { transport } = await silentServer();
    const session = new AttestingClientSession(clientInfo, { getToken: () => "a.b.c" });
    await session.connect(transport);
    const failed = await session.listTools().catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(McpError);
    expect(failed).not.toBeInstanceOf(AttestationRejectedError);
  });
});
