import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { API_KEY, attest, spawnProvider, startProvider } from "./support/demo-provider.js";

const agent = { apiKey: "an-agent-api-key-1", modelFamily: "m", modelVersion: "m-1", provider: "p" };
const agents = (...list: readonly unknown[]) => JSON.stringify(list);

describe("the process", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("exits with 0 on %s, having printed one line", async (signal) => {
    const provider = await startProvider();
    await fetch(`${provider.origin}/health`);
    provider.process.kill(signal);
    expect(await provider.exit).toEqual({
      code: 0,
      stdout: `demo-provider listening on ${provider.origin}\n`,
      stderr: "",
    });
  });

  test("exits with 0 on SIGTERM while a client holds its connection open", async () => {
    const provider = await startProvider();
    const client = connect(Number(new URL(provider.origin).port), "127.0.0.1");
    client.on("error", () => undefined);
    onTestFinished(() => {
      client.destroy();
    });
    client.write("POST /v1/attestations HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n");
    await fetch(`${provider.origin}/health`);
    provider.process.kill("SIGTERM");
    expect(await provider.exit).toMatchObject({ code: 0, stderr: "" });
  });

  test("finishes a request that is under way when SIGTERM comes", async () => {
    const provider = await startProvider();
    const body = JSON.stringify({ audience: "https://server.example" });
    const pending = request(`${provider.origin}/v1/attestations`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}`, "content-length": body.length },
    });
    pending.write(body.slice(0, 5));
    await fetch(`${provider.origin}/health`);
    provider.process.kill("SIGTERM");
    await expect.poll(() => fetch(provider.origin).catch(() => "closed")).toBe("closed");
    pending.end(body.slice(5));
    const [response] = (await once(pending, "response")) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(await provider.exit).toMatchObject({ code: 0 });
  });

  test("listens on PORT", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    const { origin } = await startProvider({ PORT: String(port) });
    expect(origin).toBe(`http://127.0.0.1:${port}`);
  });

  test("says so when the port is in use", async () => {
    const { origin } = await startProvider();
    const port = new URL(origin).port;
    expect(await spawnProvider({ PORT: port }).exit).toEqual({
      code: 1,
      stdout: "",
      stderr: `demo-provider: PORT ${port} is in use; stop what holds it, or set PORT to another one (0 takes any free port)\n`,
    });
  });

  test.each(["http://127.0.0.1:9", "http://localhost", "http://[::1]:9"])(
    "knows its demo agent as the issuer %s, which is this machine",
    async (ISSUER) => {
      const { origin } = await startProvider({ ISSUER });
      expect((await attest(origin, { audience: "a" })).status).toBe(200);
    },
  );

  test("takes an empty variable for one that is not set", async () => {
    await startProvider({ ISSUER: "", AGENTS: "", PRIVATE_KEY_FILE: "", TOKEN_LIFETIME_SECONDS: "" });
  });

  test.each([
    [{ PORT: "http" }, "PORT must be a whole number from 0 to 65535"],
    [{ PORT: "65536" }, "PORT must be a whole number from 0 to 65535"],
    [{ PORT: "-1" }, "PORT must be a whole number from 0 to 65535"],
    [{ ISSUER: "acme" }, "ISSUER must be an http or https URL"],
    [{ ISSUER: "https://acme.example/?a" }, "ISSUER must be an http or https URL"],
    [{ ISSUER: "https://user:secret@acme.example" }, "ISSUER must be an http or https URL"],
    [{ TRUST_DOMAIN: "Acme Inc" }, "TRUST_DOMAIN must be a SPIFFE trust domain"],
    [{ TOKEN_LIFETIME_SECONDS: "0" }, "TOKEN_LIFETIME_SECONDS must be a whole number from 1 to 900"],
    [{ TOKEN_LIFETIME_SECONDS: "901" }, "TOKEN_LIFETIME_SECONDS must be a whole number from 1 to 900"],
    [{ AGENTS: "agents.json" }, "AGENTS is not JSON; set it to a JSON list of agents"],
    [{ AGENTS: "{}" }, "AGENTS must be a JSON list of agents"],
    [{ AGENTS: "[]" }, "AGENTS must name at least one agent"],
    [{ AGENTS: agents(7) }, "AGENTS at 0 must be a JSON object"],
    [{ AGENTS: agents({ ...agent, apiKey: undefined }) }, "AGENTS at 0.apiKey is missing"],
    [{ AGENTS: agents({ ...agent, apiKey: "secret" }) }, "AGENTS at 0.apiKey must have 16 to 256"],
    [{ AGENTS: agents(agent, { ...agent, provider: "" }) }, "AGENTS at 1.provider must have 1 to 256"],
    [{ AGENTS: agents({ ...agent, modelVersion: "m 1" }) }, "AGENTS at 0.modelVersion must be made of"],
    [{ AGENTS: agents({ ...agent, modelVersion: ".." }) }, "AGENTS at 0.modelVersion must be made of"],
    [{ AGENTS: agents({ ...agent, safetyLevels: ["high"] }) }, "AGENTS at 0.safetyLevels.0 must be one of"],
    [{ AGENTS: agents({ ...agent, configHash: "abc" }) }, "AGENTS at 0.configHash must be"],
    [{ AGENTS: agents({ ...agent, model: "m" }) }, "AGENTS at 0.model is not a known member"],
    [{ AGENTS: agents(agent, agent) }, "AGENTS must give every agent an apiKey of its own"],
    [{ ISSUER: "https://issuer.acme.example" }, "AGENTS must be set, without the API key"],
    [{ ISSUER: "http://127.0.0.1.acme.example" }, "AGENTS must be set, without the API key"],
    [
      { ISSUER: "https://issuer.acme.example", AGENTS: agents({ ...agent, apiKey: API_KEY }) },
      "AGENTS must be set, without the API key",
    ],
    [{ ADMIN_KEY: "secret" }, "ADMIN_KEY must have 16 to 256"],
    [{ ADMIN_KEY: API_KEY }, "ADMIN_KEY must not be an agent's apiKey"],
    [{ KEYS_FILE: "/no/such/folder/keys.json" }, "KEYS_FILE cannot be written (ENOENT)"],
    [{ KEYS_FILE: "/" }, "KEYS_FILE "],
    [{ KEYS_FILE: "a", PRIVATE_KEY_FILE: "b" }, "PRIVATE_KEY_FILE and KEYS_FILE both say what signs"],
    [{ PRIVATE_KEY_FILE: "/no/such/file" }, "PRIVATE_KEY_FILE cannot be read (ENOENT)"],
    [{ PRIVATE_KEY_FILE: fileURLToPath(import.meta.url) }, "PRIVATE_KEY_FILE is not an unencrypted Ed25519"],
  ])("says in one line what is wrong with %o, and exits with 1", async (environment, message) => {
    const { code, stdout, stderr } = await spawnProvider(environment as Record<string, string>).exit;
    expect(stderr).toMatch(/^demo-provider: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("secret");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
});
