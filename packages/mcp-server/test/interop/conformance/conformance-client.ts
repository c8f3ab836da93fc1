import { AttestingClientSession } from "@attest/mcp-client";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Issuer } from "../../support/agents.ts";
import { UserWhoAgrees } from "./user-who-agrees.ts";

/*
 * The client that MCP's conformance suite examines: it connects to the server it is given and calls whatever tools
 * are there, as an agent that attests. The suite's servers know nothing of that.
 */
const url = new URL(process.argv.at(-1) ?? "");
const issuer = new Issuer();
const user = new UserWhoAgrees(JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}"));
const session = new AttestingClientSession(
  { name: "conformance-client", version: "1.0.0" },
  { getToken: () => issuer.token() },
  { capabilities: { elicitation: { form: { applyDefaults: true } } } },
);
session.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: {} }));

let transport: StreamableHTTPClientTransport;
await withAuthorization(async () => {
  transport = new StreamableHTTPClientTransport(url, { authProvider: user });
  await session.connect(transport);
});
const status = session.attestationStatus?.verificationStatus;
if (status !== "not_provided") throw new Error(`a server that knows no attestation is reported as ${status}`);
const { tools } = await withAuthorization(() => session.listTools());
for (const { name } of tools) {
  await withAuthorization(() => session.callTool({ name, arguments: { a: 5, b: 3 } }));
}
await session.close();

/** Does what the server may ask the user's leave for first, and then does it again. */
async function withAuthorization<T>(action: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || attempts === 3) throw error;
      await transport.finishAuth(user.code);
    }
  }
}
