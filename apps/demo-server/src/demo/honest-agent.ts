import { AttestingClientSession } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** Answer to the honest agent's call, with the trust level of its session. */
export interface HonestCall {
  readonly trustLevel: string;
  readonly answer: string;
}

/**
 * Connects an attested agent and calls the tool that needs a provider's word.
 *
 * @throws {Error} when the server does not verify the agent, or the tool does not answer.
 */
export async function callAsHonestAgent(
  mcpUrl: string,
  getToken: () => Promise<string>,
): Promise<HonestCall> {
  const session = new AttestingClientSession({ name: "honest-agent", version: "1.0.0" }, { getToken });
  try {
    await session.connect(new StreamableHTTPClientTransport(new URL(mcpUrl)));
    if (!session.attestationVerified) throw new Error("the server did not verify the honest agent");
    const result = await session.callTool({ name: "restart_service", arguments: { service: "mail" } });
    const [content] = result.content as readonly { readonly text?: unknown }[];
    if (result.isError || typeof content?.text !== "string")
      throw new Error("the guarded tool gave no answer");
    return { trustLevel: session.attestationStatus?.trustLevel ?? "none", answer: content.text };
  } finally {
    await session.close();
  }
}
