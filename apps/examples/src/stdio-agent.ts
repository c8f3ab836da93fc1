/*
 * An agent that launches an MCP server as its child, attests to it over stdio, and calls a tool.
 *
 *   node apps/demo-provider/dist/main.js      the provider that vouches for the agent, and that the server trusts
 *   node apps/examples/dist/stdio-agent.js    the agent: it prints who the server takes it for
 *
 * Another server, the name it goes by, and its tool: `stdio-agent.js protect-existing-server.js notes list_notes`.
 */
import { fileURLToPath } from "node:url";
import { AttestingClientSession } from "@attest/mcp-client";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { requestToken } from "./request-token.js";
import { sayWhy } from "./say-why.js";

const [program = "stdio-server.js", audience = "greeter", tool = "greet"] = process.argv.slice(2);

const agent = new AttestingClientSession(
  { name: "stdio-agent", version: "1.0.0" },
  { targetAudience: audience, getToken: (request) => requestToken(request.audience) },
);
try {
  await agent.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL(program, import.meta.url))],
      // A child is given a few harmless variables and what is named here: the agent's API key is not for the server.
      env: { ISSUER: process.env["ISSUER"] ?? "" },
    }),
  );
  console.log(`attested: ${agent.attestationVerified}, trust level ${agent.attestationStatus?.trustLevel}`);
  const { content } = await agent.callTool({ name: tool });
  for (const part of content as { readonly text?: string }[]) console.log(part.text);
} catch (error) {
  sayWhy(error);
} finally {
  await agent.close();
}
