import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { AttestingClientSession, type ClientEvent } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { NGINX, OPENSSL, REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { startService } from "../dist/demo/child-service.js";
import { requestToken } from "../dist/demo/provider-client.js";
import { startRedis } from "../dist/demo/redis-process.js";
import { freePort, nginxFolder, startNginx } from "./support/nginx.ts";
import { providerProgram } from "./support/programs.ts";

const app = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(new URL("../../../docs/behind-a-proxy.md", import.meta.url), "utf8");
const AGENTS = 8;
const CALLS = 1000;
const apiKeyOf = (index: number) => `api-key-of-agent-${index}`;

/** The block of the page that begins with the name of its file. */
function block(name: string): string {
  const [, source] = new RegExp(`\`\`\`\\w+\\n((?:// |# )${name}\\n[^]*?)\`\`\``).exec(page) ?? [];
  if (source === undefined) throw new Error(`the page has no ${name}`);
  return source;
}

/** `source` with these texts in the place of others, each of which is there. */
function withInstead(source: string, texts: Readonly<Record<string, string>>): string {
  for (const text of Object.keys(texts)) expect(source).toContain(text);
  return Object.entries(texts).reduce((result, [text, other]) => result.replaceAll(text, other), source);
}

async function startProcess(folder: string, env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["server.ts"], {
    cwd: folder,
    env: { PATH: process.env["PATH"], NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

/** Two processes of the page's server and one Redis, behind the page's nginx, and agents of a provider. */
async function world() {
  const agents = Array.from({ length: AGENTS }, (_, index) => ({
    apiKey: apiKeyOf(index),
    modelFamily: "demo-1",
    modelVersion: `demo-1-${index}`,
    provider: "demo-provider",
  }));
  const provider = await startService("demo-provider", providerProgram, {
    PORT: "0",
    AGENTS: JSON.stringify(agents),
  });
  onTestFinished(() => provider.stop());
  const redis = await startRedis();
  onTestFinished(() => redis?.stop());

  // Inside the app, so that the packages resolve as a user's would.
  const folder = mkdtempSync(`${app}proxy-`);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const trusted = `[{ issuer: "${provider.origin}", trustDomains: ["provider.example"] }]`;
  const server = withInstead(block("server.ts"), {
    '["https://api.example.com"]': trusted,
    "new HTTPKeyResolver()": 'new HTTPKeyResolver({ allowInsecure: "loopback" })',
    '"mcp.example.com"': '"localhost"',
  });
  writeFileSync(`${folder}/server.ts`, server);
  const [port, portA, portB] = [await freePort(), await freePort(), await freePort()];
  const REDIS_URL = redis?.url ?? "";
  const a = await startProcess(folder, { NAME: "a", PORT: String(portA), REDIS_URL });
  const b = await startProcess(folder, { NAME: "b", PORT: String(portB), REDIS_URL });

  const files = await nginxFolder();
  tls.setDefaultCACertificates([
    ...tls.getCACertificates("default"),
    readFileSync(files.certificate, "utf8"),
  ]);
  const configuration = withInstead(block("nginx.conf"), {
    "/etc/nginx/mcp.example.com.pem": files.certificate,
    "/etc/nginx/mcp.example.com.key": files.key,
    "server_name mcp.example.com": "server_name localhost",
    "listen 443": `listen 127.0.0.1:${port}`,
    ":4201": `:${portA}`,
    ":4202": `:${portB}`,
  });
  const nginx = await startNginx(configuration, files.folder, port);

  const connect = async (index: number) => {
    const events: ClientEvent[] = [];
    const session = new AttestingClientSession(
      { name: `agent-${index}`, version: "1" },
      {
        targetAudience: "https://mcp.example.com",
        getToken: ({ audience = "" }) => requestToken(provider.origin, apiKeyOf(index), { audience }),
        observer: { record: (event) => void events.push(event) },
      },
    );
    onTestFinished(() => session.close());
    const transport = new StreamableHTTPClientTransport(new URL(`https://localhost:${port}/mcp`));
    await session.connect(transport as Transport);
    const where = async () => {
      const { content } = await session.callTool({ name: "where" });
      return (content as readonly { readonly text: string }[])[0]?.text;
    };
    return { where, events, home: await where(), session, transport };
  };
  return { a, b, nginx, connect };
}

const needed = { ...(await needs(REDIS)), ...(await needs(NGINX)), ...(await needs(OPENSSL)) };

describe("two processes and one Redis, behind nginx as the page has it", () => {
  test("serve 1,000 calls without a 404; and when one is killed, its agents go on within seconds", {
    ...needed,
    timeout: 120_000,
  }, async () => {
    const { a, nginx, connect } = await world();
    const agents = await Promise.all(Array.from({ length: AGENTS }, (_, index) => connect(index)));
    expect(new Set(agents.map(({ home }) => home))).toEqual(new Set(["a", "b"]));
    await Promise.all(
      agents.map(async ({ where, home }) => {
        for (let call = 0; call < CALLS / AGENTS; call++) expect(await where()).toBe(home);
      }),
    );
    const { 200: ok = 0, 202: accepted = 0, ...others } = nginx.statuses("/mcp");
    expect(ok).toBeGreaterThanOrEqual(CALLS);
    expect(accepted).toBe(AGENTS);
    expect(others).toEqual({});
    expect(agents.flatMap(({ events }) => events.map(({ type }) => type))).toEqual(
      agents.map(() => "token_fetched"),
    );

    const killedAt = performance.now();
    a.kill("SIGKILL");
    // A call that reaches a dying process is not one to repeat.
    await once(a, "exit");
    for (const { where, events, home, session } of agents) {
      expect(await where()).toBe("b");
      expect(session.attestationVerified).toBe(true);
      const reopened = events.filter(({ type }) => type === "session_reopened");
      expect(reopened).toHaveLength(home === "a" ? 1 : 0);
    }
    expect(performance.now() - killedAt).toBeLessThan(10_000);
  });

  test("move the agents of a process that is told to stop, in the midst of their calls", {
    ...needed,
    timeout: 120_000,
  }, async () => {
    const { a, connect } = await world();
    const agents = await Promise.all(Array.from({ length: AGENTS }, (_, index) => connect(index)));
    let isOver = false;
    const failures: unknown[] = [];
    const loops = agents.map(async ({ where }) => {
      let answers = 0;
      for (; !isOver; answers++) await where().catch((error: unknown) => failures.push(error));
      return answers;
    });
    a.kill("SIGTERM");
    expect(await once(a, "exit")).toEqual([0, null]);
    await vi.waitFor(async () => {
      expect(new Set(await Promise.all(agents.map(({ where }) => where())))).toEqual(new Set(["b"]));
    }, 10_000);
    isOver = true;
    for (const answers of await Promise.all(loops)) expect(answers).toBeGreaterThan(0);
    // What had reached the socket when it was closed may have run, for all that nginx knows.
    expect(failures.filter((error) => (error as { readonly code?: unknown }).code !== 502)).toEqual([]);
    expect(failures.length).toBeLessThanOrEqual(AGENTS);
  });
});
