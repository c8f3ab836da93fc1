import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { CURL, findProgram } from "../../../test-support/find-program.ts";
import { needs } from "../../../test-support/needs.ts";
import { describeEvent } from "../dist/demo/describe-event.js";
import { demoProgram } from "./support/programs.ts";

const run = promisify(execFile);
const SUBJECT = "spiffe://provider.example/model/demo-1-small (demo-1-small)";

/** `demo --serve` on free ports, once it serves. */
async function serve() {
  const child = spawn(process.execPath, [demoProgram, "--serve"], {
    env: { PATH: process.env["PATH"], NODE_NO_WARNINGS: "1", PROVIDER_PORT: "0", SERVER_PORT: "0" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
  }
  onTestFinished(async () => {
    const exited = once(child, "exit");
    // It stops the services that it has started.
    if (child.kill("SIGINT")) await exited;
  });
  await vi.waitFor(() => expect(said).toContain("Ctrl-C stops both."), 15_000);
  const [, mcpUrl = ""] = /^server {4}(\S+)$/m.exec(said) ?? [];
  const [, commands = ""] = /\n(TOKEN=[\s\S]*?)\n\nCtrl-C/.exec(said) ?? [];
  return { said: () => said, mcpUrl, commands };
}

function initialize(mcpUrl: string, clientName: string, token?: string): Promise<Response> {
  const evidence = { version: "0.1.0", token, supported_algorithms: [], attestation_types: [] };
  const capabilities = token === undefined ? {} : { experimental: { "security.attestation": evidence } };
  const clientInfo = { name: clientName, version: "1" };
  const params = { protocolVersion: "2025-11-25", clientInfo, capabilities };
  return fetch(mcpUrl, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
  });
}

describe("demo --serve", async () => {
  test("prints commands that present a token when they are pasted, and shows who calls what, as it happens", {
    ...(await needs(CURL)),
    timeout: 60_000,
  }, async () => {
    const { said, commands } = await serve();
    const PATH = [dirname(await findProgram(CURL)), process.env["PATH"]].join(delimiter);
    const { stdout } = await run("sh", ["-c", `${commands}\nprintf '\\ntoken %s\\n' "$TOKEN"`], {
      env: { ...process.env, PATH },
    });
    expect(stdout).toContain("mail restarted for spiffe://provider.example/model/demo-1-small");
    await vi.waitFor(() => expect(said()).toContain("restart_service: ok"), 10_000);
    expect(said()).toMatch(new RegExp(`^comes +session \\d+: ${escaped(SUBJECT)}, with client "curl"$`, "m"));
    expect(said()).toMatch(
      new RegExp(
        `^calls +session \\d+: tools/call restart_service: ok, [\\d.]+ ms, by ${escaped(SUBJECT)}$`,
        "m",
      ),
    );
    const [, token = ""] = /^token (\S+)$/m.exec(stdout) ?? [];
    expect(token.split(".")).toHaveLength(3);
    for (const part of token.split(".").slice(1)) expect(said()).not.toContain(part);
  });

  test("shows who is refused, in one line each and without control characters", {
    timeout: 60_000,
  }, async () => {
    const { said, mcpUrl } = await serve();
    await initialize(mcpUrl, "plain");
    await initialize(mcpUrl, "forger", "not.a.token");
    await fetch(mcpUrl, { method: "PUT" });
    const header = Buffer.from('{"alg":"none\\u001b[31m\\n"}').toString("base64url");
    await initialize(mcpUrl, "\u001b[31mred\nline", `${header}.e30.AA`);
    await vi.waitFor(() => {
      expect(said()).toMatch(/^refused +1009, /m);
      expect(said().match(/^refused +1008, /gm)).toHaveLength(2);
      expect(said()).toMatch(/^refused +HTTP 405, Method not allowed$/m);
    }, 10_000);
    const [, shown = ""] = said().split("who is refused:\n");
    expect(shown).not.toMatch(/[^\n -~…]/);
    for (const line of shown.trim().split("\n")) {
      expect(line).toMatch(/^(comes|renews|leaves|calls|denied|refused|unattested|failed) /);
    }
  });
});

describe("describeEvent", () => {
  test("says of a denied call what was wanted, why not, and by whom", () => {
    const event = {
      type: "denied",
      code: 1013,
      detail: "provider trust is needed",
      method: "tools/call",
      target: "restart_service",
      session: 3,
      issuer: "https://company.example",
      subject: "spiffe://company.example/agent",
      model: "m-1",
      jti: "12345678",
    };
    expect(describeEvent(JSON.stringify(event))).toBe(
      "denied    session 3: tools/call restart_service: 1013, provider trust is needed, to spiffe://company.example/agent (m-1)",
    );
  });

  test("escapes what would move a terminal's cursor, wherever it comes from", () => {
    const event = { type: "http_refused", status: 400, reason: "a\u001b[2J\r\nb\u202e", session: null };
    expect(describeEvent(JSON.stringify(event))).toBe(
      "refused   HTTP 400, a\\u001b[2J\\u000d\\u000ab\\u202e",
    );
  });

  test.each(["", "no JSON", "null", "7", "{}", '{"type":"verified"}', '{"type":"key_set_fetched"}'])(
    "says nothing of the line %j",
    (line) => expect(describeEvent(line)).toBeUndefined(),
  );
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
