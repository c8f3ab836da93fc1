/*
 * An agent that connects to an MCP server over Streamable HTTP, attests, and calls a tool.
 *
 *   node apps/examples/dist/http-agent.js <url> <audience> <tool>
 *
 * The audience is the name that the server verifies tokens for. `multi-tenant-server.ts` shows one to call. Where the
 * server asks for the user as well, ACCESS_TOKEN is the user's: see `user-and-agent-server.ts`.
 */
import { AttestingClientSession } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { requestToken } from "./request-token.js";
import { sayWhy } from "./say-why.js";

const [url, audience, tool] = process.argv.slice(2);
if (!URL.canParse(url ?? "") || audience === undefined || tool === undefined) {
  console.error("usage: http-agent.js <url> <audience> <tool>");
  process.exit(2);
}

const accessToken = process.env["ACCESS_TOKEN"];
const headers: Record<string, string> = accessToken ? { authorization: `Bearer ${accessToken}` } : {};
const agent = new AttestingClientSession(
  { name: "http-agent", version: "1.0.0" },
  // A server that says nothing of attestation is not one that this agent wants to talk to.
  {
    targetAudience: audience,
    getToken: (request) => requestToken(request.audience),
    requireVerification: true,
  },
);
try {
  await agent.connect(new StreamableHTTPClientTransport(new URL(url ?? ""), { requestInit: { headers } }));
  console.log(`attested: ${agent.attestationVerified}, trust level ${agent.attestationStatus?.trustLevel}`);
  const { content } = await agent.callTool({ name: tool });
  for (const part of content as { readonly text?: string }[]) console.log(part.text);
} catch (error) {
  sayWhy(error);
} finally {
  // Ends the session at the server too, which would keep it otherwise until it has been idle for long.
  await agent.close();
}
