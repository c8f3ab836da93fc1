/*
 * A session that outlives its token. The agent's tokens live for a few seconds, and it goes on working: in good time
 * before one expires, its session asks for the next and takes it along with a request. Nothing of that is to be done
 * by hand; what is printed is when the server saw a new token.
 *
 *   node apps/demo-provider/dist/main.js       the provider that vouches for the agent, and that the server trusts
 *   node apps/examples/dist/long-session.js    the agent: it stops when three tokens have vouched for it
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AttestingClientSession } from "@attest/mcp-client";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { requestToken } from "./request-token.js";
import { sayWhy } from "./say-why.js";

const TOKENS = 3;
const lifetimeSeconds = Number(process.env["LIFETIME_SECONDS"] || 5);

const agent = new AttestingClientSession(
  { name: "long-session", version: "1.0.0" },
  { targetAudience: "greeter", getToken: ({ audience }) => requestToken(audience, lifetimeSeconds) },
);
// A token that cannot be had is told here: calls go on, until the server has had enough of the old one.
agent.onerror = (error) => console.error(error.message);
try {
  await agent.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("stdio-server.js", import.meta.url))],
      env: { ISSUER: process.env["ISSUER"] ?? "" },
    }),
  );
  const seen = new Set<string>();
  for (let calls = 1; seen.size < TOKENS; calls++) {
    const { content } = await agent.callTool({ name: "vouched_until" });
    const [until = ""] = (content as { readonly text?: string }[]).map(({ text }) => text);
    if (!seen.has(until)) console.log(`call ${calls}: vouched for until ${until}, by token ${seen.size + 1}`);
    seen.add(until);
    await sleep(100);
  }
} catch (error) {
  sayWhy(error);
} finally {
  await agent.close();
}
