/*
 * An agent whose token cannot be stolen: it is bound to a key of the agent's own, which it proves to have with every request.
 *
 *   node apps/examples/dist/proving-agent.js <url> <audience> <tool>
 *
 * `stateless-server.ts` shows servers to call.
 */
import { AttestingClientSession } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { requestBoundToken } from "./request-token.js";
import { sayWhy } from "./say-why.js";

const [url, audience, tool] = process.argv.slice(2);
if (!URL.canParse(url ?? "") || audience === undefined || tool === undefined) {
  console.error("usage: proving-agent.js <url> <audience> <tool>");
  process.exit(2);
}

const agent = new AttestingClientSession(
  { name: "proving-agent", version: "1.0.0" },
  {
    proofOfPossession: true,
    targetAudience: audience,
    getToken: requestBoundToken,
    requireVerification: true,
  },
);
try {
  await agent.connect(new StreamableHTTPClientTransport(new URL(url ?? "")));
  for (let count = 0; count < 3; count++) {
    const { content } = await agent.callTool({ name: tool });
    for (const part of content as { readonly text?: string }[]) console.log(part.text);
  }
} catch (error) {
  sayWhy(error);
} finally {
  await agent.close();
}
