/*
 * An MCP server over stdio that knows which agent launched it: one tool for everybody it lets in, one for agents that
 * their model's provider vouches for. `stdio-agent.ts` launches it.
 */
import { AttestationVerifier } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { createAttestingServer } from "@attest/mcp-server";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

const issuer = process.env["ISSUER"] || "http://127.0.0.1:4100";
const verifier = new AttestationVerifier({
  trustedIssuers: [{ issuer, trustDomains: ["provider.example"] }],
  keyResolver: new HTTPKeyResolver({ allowInsecure: "loopback" }),
  audience: "greeter",
});
const server = createAttestingServer("greeter", verifier, { version: "1.0.0" });

server.registerTool("greet", { description: "Says hello to the agent by its name" }, async () => ({
  content: [{ type: "text", text: `hello, ${server.attestation?.subject}` }],
}));

server.registerTool(
  "vouched_until",
  { description: "Until when the agent's provider vouches for it, in seconds since the Unix epoch" },
  server.requireAttestation({ trustLevel: "provider" }, async () => ({
    content: [{ type: "text", text: String(server.attestation?.expiresAt) }],
  })),
);

await server.connect(new StdioServerTransport());
