import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AttestingClientSession } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { example, run, start, startProvider, tokenFrom } from "./support/programs.ts";

const program = example("multi-tenant-server.js");

async function startTenants() {
  const providers = {
    acme: await startProvider("acme.example"),
    globex: await startProvider("globex.example"),
  };
  const server = await start(
    program,
    { PORT: "0", ACME_ISSUER: providers.acme, GLOBEX_ISSUER: providers.globex },
    /listening on (\S+)\/globex\/mcp\n/,
  );
  const visit = (agentOf: keyof typeof providers, path: string, audience = path) =>
    run("http-agent.js", {
      args: [`${server.found}/${path}/mcp`, `https://documents.example/${audience}`, "list_documents"],
      env: { PROVIDER: providers[agentOf] },
    });
  return { server, providers, visit };
}

describe("multi-tenant-server", () => {
  test("shows each tenant's agent that tenant's documents, and says whom it let in and what they called", async () => {
    const { server, visit } = await startTenants();
    const acme = await visit("acme", "acme");
    expect(acme).toEqual({
      code: 0,
      stdout:
        "attested: true, trust level provider\n" +
        "for spiffe://acme.example/model/demo-1-small: Acme's plans for anvils\n",
      stderr: "",
    });
    const globex = await visit("globex", "globex");
    expect(globex.stdout).toContain("for spiffe://globex.example/model/demo-1-small: Globex's plans");
    await vi.waitFor(
      () => expect(server.said()).toContain("globex: let in spiffe://globex.example/"),
      10_000,
    );
    expect(server.said()).toContain("acme: let in spiffe://acme.example/");
    expect(server.said()).toContain(
      "acme: spiffe://acme.example/model/demo-1-small called list_documents: ok\n",
    );
  });

  test("refuses an agent of one tenant's issuer at the other, whichever audience its token names", async () => {
    const { server, visit } = await startTenants();
    for (const [agentOf, other] of [
      ["acme", "globex"],
      ["globex", "acme"],
    ] as const) {
      for (const audience of [agentOf, other]) {
        const { code, stdout, stderr } = await visit(agentOf, other, audience);
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(stderr).toMatch(/^refused, 1004: /);
      }
    }
    await vi.waitFor(() => expect(server.said()).toContain("acme: refused, 1004: "), 10_000);
    expect(server.said()).not.toContain("let in");
  });

  test("refuses a tenant's own agent whose token names the other tenant", async () => {
    const { visit } = await startTenants();
    expect((await visit("acme", "acme", "globex")).stderr).toMatch(/^refused, 1005: /);
  });

  test("knows a session at its own tenant only", async () => {
    const { server, providers } = await startTenants();
    const agent = new AttestingClientSession(
      { name: "agent", version: "1" },
      {
        targetAudience: "https://documents.example/acme",
        getToken: ({ audience }) => tokenFrom(providers.acme, audience),
      },
    );
    onTestFinished(() => agent.close());
    const transport = new StreamableHTTPClientTransport(new URL(`${server.found}/acme/mcp`));
    await agent.connect(transport as Transport);
    const statusAt = async (tenant: string) => {
      const answer = await fetch(`${server.found}/${tenant}/mcp`, {
        method: "POST",
        headers: {
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          "mcp-session-id": transport.sessionId ?? "",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/list" }),
      });
      await answer.body?.cancel();
      return answer.status;
    };
    expect(await statusAt("acme")).toBe(200);
    expect(await statusAt("globex")).toBe(404);
  });

  test("tells the lost that there is no such tenant, survives any path, and ends with 0 when told to", async () => {
    const { server } = await startTenants();
    for (const path of ["/initech/mcp", "//", "/acme/mcp/.."]) {
      expect((await fetch(`${server.found}${path}`)).status).toBe(404);
    }
    server.process.kill("SIGTERM");
    expect(await once(server.process, "exit")).toEqual([0, null]);
  });

  test("says in one line that its port is taken, and exits with 1", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    onTestFinished(() => void holder.close());
    const { port } = holder.address() as AddressInfo;
    const { code, stdout, stderr } = await run("multi-tenant-server.js", { env: { PORT: String(port) } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^listen EADDRINUSE.*\n$/);
  });
});

describe("http-agent", () => {
  test("says how it is used when it is not told where to go", async () => {
    expect(await run("http-agent.js")).toEqual({
      code: 2,
      stdout: "",
      stderr: "usage: http-agent.js <url> <audience> <tool>\n",
    });
  });
});
