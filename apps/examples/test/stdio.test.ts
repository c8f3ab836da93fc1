import { AttestingClientSession } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { example, run, startProvider, tokenFrom } from "./support/programs.ts";

const SUBJECT = "spiffe://provider.example/model/demo-1-small";

describe("stdio-agent", () => {
  test("launches stdio-server, attests to it, and is greeted by its name", async () => {
    const provider = await startProvider();
    expect(await run("stdio-agent.js", { env: { PROVIDER: provider, ISSUER: provider } })).toEqual({
      code: 0,
      stdout: `attested: true, trust level provider\nhello, ${SUBJECT}\n`,
      stderr: "",
    });
  });

  test("says in one line that the server does not trust its provider, and what to do, and exits with 1", async () => {
    const env = { PROVIDER: await startProvider(), ISSUER: await startProvider() };
    const { code, stdout, stderr } = await run("stdio-agent.js", { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^refused, 1004: .* Get a token from one of the issuers .*\n$/);
  });

  test("says in one line that there is no provider, and exits with 1", async () => {
    const { code, stdout, stderr } = await run("stdio-agent.js", { env: { PROVIDER: "http://127.0.0.1:1" } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^no provider at http:\/\/127\.0\.0\.1:1; start one: .*\n$/);
  });
});

describe("protect-existing-server", () => {
  const transportTo = (issuer: string) =>
    new StdioClientTransport({
      command: process.execPath,
      args: [example("protect-existing-server.js")],
      env: { ISSUER: issuer },
      stderr: "ignore",
    });

  test("serves an attested agent, as its first lines say", async () => {
    const provider = await startProvider();
    const { code, stdout, stderr } = await run("stdio-agent.js", {
      args: ["protect-existing-server.js", "notes", "list_notes"],
      env: { PROVIDER: provider, ISSUER: provider },
    });
    expect(stderr).toBe(`notes: open to agents that ${provider} attests\n`);
    expect(stdout).toMatch(/^attested: true, trust level provider\nmonday: water the plants\n/);
    expect(code).toBe(0);
  });

  test("refuses an agent that presents nothing, and one of a provider that it does not trust", async () => {
    const issuer = await startProvider();
    const stranger = new Client({ name: "stranger", version: "1" });
    onTestFinished(() => stranger.close());
    await expect(stranger.connect(transportTo(issuer))).rejects.toMatchObject({ code: 1009 });
    const { code, stderr } = await run("stdio-agent.js", {
      args: ["protect-existing-server.js", "notes", "list_notes"],
      env: { PROVIDER: await startProvider(), ISSUER: issuer },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^refused, 1004: /m);
  });

  test("refuses a token that was meant for another server", async () => {
    const issuer = await startProvider();
    const agent = new AttestingClientSession(
      { name: "agent", version: "1" },
      { targetAudience: "greeter", getToken: ({ audience }) => tokenFrom(issuer, audience) },
    );
    onTestFinished(() => agent.close());
    await expect(agent.connect(transportTo(issuer))).rejects.toMatchObject({ code: 1005 });
  });
});

describe("long-session", () => {
  test("is vouched for by one token after the other, in one session", async () => {
    const provider = await startProvider();
    const env = { PROVIDER: provider, ISSUER: provider, LIFETIME_SECONDS: "2" };
    const { code, stdout, stderr } = await run("long-session.js", { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = [...stdout.matchAll(/^call (\d+): vouched for until (\d+), by token (\d)$/gm)];
    expect(lines.map(([, , , token]) => token)).toEqual(["1", "2", "3"]);
    const untils = lines.map(([, , until]) => Number(until));
    expect(untils).toEqual([...new Set(untils)].sort((a, b) => a - b));
    expect(lines[0]?.[1]).toBe("1");
  });

  test("does not begin for an agent whose provider the server does not trust", async () => {
    const env = { PROVIDER: await startProvider(), ISSUER: await startProvider() };
    const { code, stdout, stderr } = await run("long-session.js", { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^refused, 1004: /m);
  });
});
