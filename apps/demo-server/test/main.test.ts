import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AttestingClientSession } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { startService } from "../dist/demo/child-service.js";
import { requestToken } from "../dist/demo/provider-client.js";
import { startRedis } from "../dist/demo/redis-process.js";
import { providerProgram, serverProgram } from "./support/programs.ts";
import { runProgram } from "./support/run-program.ts";

async function freePort(): Promise<string> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return String(port);
}

async function start(program: string, env: Record<string, string>) {
  const service = await startService("service", program, env);
  onTestFinished(() => service.stop());
  return service;
}

async function connect(
  serverOrigin: string,
  getToken: () => Promise<string>,
): Promise<AttestingClientSession> {
  const session = new AttestingClientSession({ name: "agent", version: "1" }, { getToken });
  onTestFinished(() => session.close());
  await session.connect(new StreamableHTTPClientTransport(new URL("/mcp", serverOrigin)) as Transport);
  return session;
}

describe("demo-server", async () => {
  test("starts without its provider, refuses agents with 1010, and serves them once the provider is up", async () => {
    const port = await freePort();
    const server = await start(serverProgram, { PORT: "0", ISSUER: `http://127.0.0.1:${port}` });
    // The agent has its token from an instance that is gone when the server asks for the keys.
    const shortLived = await start(providerProgram, { PORT: port });
    const token = await requestToken(shortLived.origin, "demo-agent-api-key", { audience: server.origin });
    await shortLived.stop();
    await expect(connect(server.origin, async () => token)).rejects.toMatchObject({ code: 1010 });

    const provider = await start(providerProgram, { PORT: port });
    const session = await connect(server.origin, () =>
      requestToken(provider.origin, "demo-agent-api-key", { audience: server.origin }),
    );
    expect(session.attestationVerified).toBe(true);
    expect(server.hasDied()).toBe(false);
  });

  test("lets honest agents in through five rotations of its provider's keys, one after the other", async () => {
    const adminKey = "an-admin-key-for-tests";
    const provider = await start(providerProgram, { PORT: "0", ADMIN_KEY: adminKey });
    const server = await start(serverProgram, { PORT: "0", ISSUER: provider.origin });
    const getToken = () => requestToken(provider.origin, "demo-agent-api-key", { audience: server.origin });
    const headers = { authorization: `Bearer ${adminKey}` };
    await connect(server.origin, getToken);
    for (let rotation = 0; rotation < 5; rotation++) {
      const tokenOfOldKey = await getToken();
      const rotated = await fetch(`${provider.origin}/v1/keys/rotate`, { method: "POST", headers });
      expect(rotated.status).toBe(200);
      for (const token of [getToken, async () => tokenOfOldKey]) {
        expect((await connect(server.origin, token)).attestationVerified).toBe(true);
      }
      // Keys not known by then, which every second one of these is, are looked up five times a second at most.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  test("says on stderr why it has no keys, down to the cause, and on stdout whom it refused", async () => {
    const issuer = "http://provider.example";
    const child = spawn(process.execPath, [serverProgram], { env: { PORT: "0", ISSUER: issuer } });
    onTestFinished(() => void child.kill());
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (chunk: string) => {
        said[name] += chunk;
      });
    }
    const origin = await vi.waitFor(() => {
      expect(said.stderr).toMatch(/^demo-server: no keys from http:.*https.*\n$/);
      const [, listening] = / listening on (\S+)\n/.exec(said.stdout) ?? [];
      if (listening === undefined) throw new Error("it does not listen yet");
      return listening;
    }, 10_000);
    await expect(connect(origin, async () => "not.a.token")).rejects.toMatchObject({ code: 1008 });
    await vi.waitFor(() => expect(said.stdout).toContain('{"type":"rejected","code":1008,'), 5000);
  });

  test(
    "refuses what another server on the same Redis has accepted, and takes it where memory is its own",
    await needs(REDIS),
    async () => {
      const redis = await startRedis();
      onTestFinished(() => redis?.stop());
      const provider = await start(providerProgram, { PORT: "0" });
      const shared = {
        PORT: "0",
        ISSUER: provider.origin,
        AUDIENCE: "operations",
        REDIS_URL: redis?.url ?? "",
      };
      const [first, second] = [await start(serverProgram, shared), await start(serverProgram, shared)];
      const alone = await start(serverProgram, { ...shared, REDIS_URL: "" });
      const token = await requestToken(provider.origin, "demo-agent-api-key", { audience: "operations" });
      expect((await connect(first.origin, async () => token)).attestationVerified).toBe(true);
      await expect(connect(second.origin, async () => token)).rejects.toMatchObject({ code: 1006 });
      expect((await connect(alone.origin, async () => token)).attestationVerified).toBe(true);
    },
  );

  test("starts without its Redis, and serves agents by its own memory", async () => {
    const provider = await start(providerProgram, { PORT: "0" });
    const server = await start(serverProgram, {
      PORT: "0",
      ISSUER: provider.origin,
      REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    });
    const token = await requestToken(provider.origin, "demo-agent-api-key", { audience: server.origin });
    expect((await connect(server.origin, async () => token)).attestationVerified).toBe(true);
    await expect(connect(server.origin, async () => token)).rejects.toMatchObject({ code: 1006 });
  });

  test("answers its health and tells the lost where MCP is", async () => {
    const server = await start(serverProgram, { PORT: "0", AUDIENCE: "https://ops.example" });
    expect(await (await fetch(`${server.origin}/health`)).json()).toEqual({
      status: "ok",
      audience: "https://ops.example",
    });
    const lost = await fetch(server.origin);
    expect(lost.status).toBe(404);
    expect(await lost.text()).toContain("/mcp");
  });

  test.each([
    ["PORT", "eighty"],
    ["PORT", "70000"],
    ["ISSUER", "not a url"],
    ["ISSUER", "https://provider.example/"],
    ["TRUST_DOMAIN", "Not A Domain"],
    ["POLICY", "lenient"],
    ["REDIS_URL", "http://:secret@redis.example"],
  ])(
    "refuses to start with %s=%s: one line that names the variable, exit code 1, no stack trace",
    async (name, value) => {
      const { code, stdout, stderr } = await runProgram(serverProgram, { env: { [name]: value } });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(new RegExp(`^demo-server: ${name} must be .*\\n$`));
      expect(stderr).not.toContain(value);
    },
  );
});
