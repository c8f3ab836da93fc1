import { once } from "node:events";
import { AttestingClientSession } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { example, run, start, startProvider, tokenFrom } from "./support/programs.ts";

const AUDIENCE = "https://notes.example";
const SUBJECT = "spiffe://provider.example/model/demo-1-small";

async function startServer() {
  const provider = await startProvider();
  const env = { PORT: "0", ISSUER: provider };
  const server = await start(example("user-and-agent-server.js"), env, /listening on (\S+)\n/);
  const transport = (accessToken?: string) =>
    new StreamableHTTPClientTransport(new URL(server.found), {
      requestInit: accessToken === undefined ? {} : { headers: { authorization: `Bearer ${accessToken}` } },
    }) as Transport;
  return { provider, server, transport };
}

describe("user-and-agent-server", () => {
  test("shows a tool the user and the agent side by side", async () => {
    const { provider, server } = await startServer();
    for (const user of ["alice", "bob"]) {
      const args = [server.found, AUDIENCE, "my_notes"];
      const env = { PROVIDER: provider, ACCESS_TOKEN: `${user}-access-token` };
      expect(await run("http-agent.js", { args, env })).toEqual({
        code: 0,
        stdout: `attested: true, trust level provider\nnotes of ${user}, read by ${SUBJECT}\n`,
        stderr: "",
      });
    }
    await vi.waitFor(() => expect(server.said()).toContain(`${SUBJECT} called my_notes: ok\n`), 10_000);
  });

  test.each([
    ["no bearer", undefined],
    ["a wrong bearer", "mallory-access-token"],
  ])("answers 401 to %s, attested or not, and uses up no attestation", async (_, accessToken) => {
    const { provider, transport } = await startServer();
    const plain = new Client({ name: "plain", version: "1" });
    await expect(plain.connect(transport(accessToken))).rejects.toMatchObject({ code: 401 });

    const token = await tokenFrom(provider, AUDIENCE);
    const agent = new AttestingClientSession({ name: "agent", version: "1" }, { getToken: () => token });
    onTestFinished(() => agent.close());
    await expect(agent.connect(transport(accessToken))).rejects.toMatchObject({ code: 401 });
    await agent.connect(transport("alice-access-token"));
    expect(agent.attestationVerified).toBe(true);
  });

  test("refuses a user whose agent presents no attestation, 1009", async () => {
    const { transport } = await startServer();
    const plain = new Client({ name: "plain", version: "1" });
    await expect(plain.connect(transport("alice-access-token"))).rejects.toMatchObject({ code: 1009 });
  });

  test("takes the user from each request, so that a session is not its first user's", async () => {
    const { provider, server } = await startServer();
    const headers = { authorization: "Bearer alice-access-token" };
    const agent = new AttestingClientSession(
      { name: "agent", version: "1" },
      { getToken: () => tokenFrom(provider, AUDIENCE) },
    );
    onTestFinished(() => agent.close());
    const url = new URL(server.found);
    await agent.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }) as Transport);
    headers.authorization = "Bearer bob-access-token";
    const { content } = await agent.callTool({ name: "my_notes" });
    expect(content).toEqual([{ type: "text", text: `notes of bob, read by ${SUBJECT}` }]);
    headers.authorization = "Bearer mallory-access-token";
    await expect(agent.callTool({ name: "my_notes" })).rejects.toMatchObject({ code: 401 });
  });

  test("ends with 0 when told to", async () => {
    const { server } = await startServer();
    server.process.kill("SIGTERM");
    expect(await once(server.process, "exit")).toEqual([0, null]);
  });
});
