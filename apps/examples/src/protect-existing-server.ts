/*
 * An MCP server that was there before, and the three lines that protect it: nobody gets in but attested agents, and
 * notes are deleted only for agents that their model's provider vouches for. Nothing else of the server changes.
 *
 *   node apps/demo-provider/dist/main.js                                        the provider that it trusts
 *   node apps/examples/dist/stdio-agent.js protect-existing-server.js notes list_notes      an agent that uses it
 */
import { AttestationVerifier } from "@attest/core";
import { HTTPKeyResolver } from "@attest/jwks";
import { attestServer } from "@attest/mcp-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const notes = new Map([
  ["monday", "water the plants"],
  ["tuesday", "rotate the keys"],
]);
const server = new McpServer({ name: "notes", version: "1.0.0" });
server.registerTool("list_notes", { description: "Every note" }, async () => ({
  content: [{ type: "text", text: [...notes].map(([day, note]) => `${day}: ${note}`).join("\n") }],
}));
server.registerTool(
  "delete_note",
  { description: "Deletes a note", inputSchema: { day: z.string() } },
  async ({ day }) => ({ content: [{ type: "text", text: notes.delete(day) ? "deleted" : "no such note" }] }),
);

// With a provider of your own, its https URL is all there is to say: `const trustedIssuers = ["https://…"]`.
const issuer = process.env["ISSUER"] || "http://127.0.0.1:4100";
const trustedIssuers = [{ issuer, trustDomains: ["provider.example"] }];

const keyResolver = new HTTPKeyResolver({ allowInsecure: "loopback" }); //                                        1
const verifier = new AttestationVerifier({ trustedIssuers, keyResolver, audience: "notes" }); //                  2
attestServer(server, { verifier, rules: { tools: { "delete_*": { trustLevel: "provider" } } } }); //              3

await server.connect(new StdioServerTransport());
// Over stdio, stdout belongs to MCP.
console.error(`notes: open to agents that ${issuer} attests`);
