import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KeyPair } from "@attest/core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { REDIS } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { jobOf, runnerVariables } from "../dist/company/jobs.js";
import { startService } from "../dist/demo/child-service.js";
import { startRedis } from "../dist/demo/redis-process.js";
import { blocks, compile, programIn } from "./support/page.ts";
import { runProgram } from "./support/run-program.ts";

const page = readFileSync(new URL("../../../docs/production.md", import.meta.url), "utf8");
const PROGRAMS = ["workload.ts", "issuer.ts", "server.ts", "agent.ts"];
const AGENT_KEY = "k".repeat(32);

// Inside the app, so that the packages resolve as a user's would.
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(fileURLToPath(new URL("../readme-", import.meta.url)));
  for (const name of PROGRAMS) {
    // The issuer of the test has no TLS.
    const insecure = programIn(page, name).replace(
      "{ observer });",
      '{ observer, allowInsecure: "loopback" });',
    );
    const onThisMachine = insecure
      .replace("audience: ISSUER }", 'audience: ISSUER, allowInsecure: "loopback" }')
      .replace("url: ISSUER,", 'url: ISSUER, allowInsecure: "loopback",');
    writeFileSync(`${folder}/${name}`, onThisMachine);
  }
  writeFileSync(`${folder}/key.pem`, KeyPair.generate("k").toPem());
});
afterAll(() => rmSync(folder, { recursive: true }));

async function freePort(): Promise<string> {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return String(port);
}

interface Started {
  readonly lines: readonly string[];
  readonly end: () => Promise<number | null>;
}

/** Starts one of the page's programs, and waits until it listens. */
async function start(name: string, env: Readonly<Record<string, string>>): Promise<Started> {
  const child: ChildProcess = spawn(process.execPath, [name], {
    cwd: folder,
    env: { PATH: process.env["PATH"], NODE_NO_WARNINGS: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream
      ?.setEncoding("utf8")
      .on("data", (chunk: string) => lines.push(...chunk.split("\n").filter(Boolean)));
  }
  const closed = once(child, "close").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  await expect.poll(() => lines.join("\n"), { timeout: 10_000 }).toMatch(/listening on/);
  return {
    lines,
    end: () => {
      child.kill("SIGTERM");
      return closed;
    },
  };
}

const eventsOf = ({ lines }: Started) =>
  lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);

describe("docs/production.md", async () => {
  test("has no code but its programs, and they compile under strict settings", () => {
    expect(blocks(page)).toHaveLength(PROGRAMS.length);
    compile(PROGRAMS.map((name) => `${folder}/${name}`));
  });

  test("has an issuer, two servers over one Redis and an agent that work together", {
    ...(await needs(REDIS)),
    timeout: 60_000,
  }, async () => {
    const redis = await startRedis();
    onTestFinished(() => redis?.stop());
    const [issuerPort, ...ports] = [await freePort(), await freePort(), await freePort()];
    const ISSUER = `http://127.0.0.1:${issuerPort}`;
    const common = { ISSUER, AGENT_KEY, REDIS_URL: redis?.url ?? "" };
    await start("issuer.ts", { ...common, PORT: issuerPort ?? "" });
    const [first, second] = await Promise.all([
      start("server.ts", { ...common, PORT: ports[0] ?? "", NAME: "a" }),
      start("server.ts", { ...common, PORT: ports[1] ?? "", NAME: "b" }),
    ]);
    const urls = ports.map((port) => `http://127.0.0.1:${port}/mcp`);

    const agent = await runProgram("agent.ts", { cwd: folder, env: { ...common, SERVER: urls[0] ?? "" } });
    expect(agent).toEqual({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^enterprise .*mail restarted/),
    });
    const types = eventsOf(first).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(["key_set_fetched", "verified", "session_opened", "called", "session_ended"]),
    );
    expect(eventsOf(first)).toContainEqual(
      expect.objectContaining({
        type: "called",
        target: "restart",
        subject: "spiffe://example.com/agent/support",
        outcome: "ok",
      }),
    );

    const headers = { authorization: `Bearer ${AGENT_KEY}` };
    const body = JSON.stringify({ audience: "https://mcp.example.com" });
    const { token } = (await (await fetch(`${ISSUER}/token`, { method: "POST", headers, body })).json()) as {
      token: string;
    };
    const initialize = async (url = "", given?: string) => {
      const experimental =
        given === undefined ? {} : { "security.attestation": { version: "0.1.0", token: given } };
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "initialize",
          params: {
            protocolVersion: "2025-11-25",
            clientInfo: { name: "raw", version: "1" },
            capabilities: { experimental },
          },
        }),
      });
      return { text: await response.text(), session: response.headers.get("mcp-session-id") };
    };
    expect(await initialize(urls[0], token)).toEqual({
      text: expect.stringContaining('"verified"'),
      session: expect.stringMatching(/^a\./),
    });
    expect((await initialize(urls[1], token)).text).toContain("1006");
    expect((await initialize(urls[1])).text).toContain("1009");
    await expect.poll(() => eventsOf(second).map(({ type }) => type)).toContain("replay");

    const wrong = await fetch(`${ISSUER}/token`, {
      method: "POST",
      headers: { authorization: "Bearer x" },
      body,
    });
    expect(wrong.status).toBe(401);
    const health = await fetch(new URL("/healthz", urls[0]));
    expect(await health.json()).toMatchObject({
      redis: { state: "healthy" },
      issuers: [{ issuer: ISSUER, isStale: false }],
      sessions: 1,
    });
    expect(JSON.stringify([first.lines, second.lines])).not.toContain(token.slice(0, 60));
    expect(await Promise.all([first.end(), second.end()])).toEqual([0, 0]);
  });

  test("has an issuer of five minutes, whose one rule lets the named workload in, bound to its key", {
    timeout: 60_000,
  }, async () => {
    const [own, fork] = [jobOf("octo-org/support", "7654321", "1234567"), jobOf("m/support", "8", "9")];
    const started = async (...args: Parameters<typeof startService>) => {
      const service = await startService(...args);
      onTestFinished(() => service.stop());
      return service.origin;
    };
    const dist = (file: string) => fileURLToPath(new URL(`../dist/${file}`, import.meta.url));
    const [listen, port] = [`127.0.0.1:${await freePort()}`, await freePort()];
    const [ISSUER, SERVER] = [`http://${listen}`, `http://127.0.0.1:${port}`];
    const forge = await started("forge", dist("company/forge.js"), { JOBS: JSON.stringify([own, fork]) });
    const [, yaml = ""] = /^```yaml\n(# issuer\.yaml\n[\s\S]*?)^```/m.exec(page) ?? [];
    const config = yaml
      .replaceAll("https://issuer.example.com", ISSUER)
      .replaceAll("https://mcp.example.com", SERVER)
      .replace("file: keys.json", `file: ${folder}/keys.json`)
      .replace("type: github,", `type: github, issuer: ${forge}, allowInsecure: loopback,`);
    writeFileSync(`${folder}/issuer.yaml`, `${config}listen: ${listen}\n`);
    const issuerPackage = createRequire(import.meta.url).resolve("@attest/issuer");
    const program = join(dirname(issuerPackage), "main.js");
    await started("issuer", program, {}, undefined, ["--config", `${folder}/issuer.yaml`]);
    const serving = { PORT: port, ISSUER, TRUST_DOMAIN: "example.com", REQUIRE_PROOF: "always" };
    await started("server", dist("main.js"), serving);

    const run = (job: typeof own) =>
      runProgram("workload.ts", {
        cwd: folder,
        env: { ISSUER, SERVER, ...runnerVariables(job, forge) },
      });
    expect(await run(own)).toEqual({ code: 0, stderr: "", stdout: "enterprise\n" });
    expect(await run(fork)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("the issuer answered invalid_grant (status 400)"),
    });
  });
});
