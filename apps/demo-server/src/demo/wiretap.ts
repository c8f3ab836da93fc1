import { KeyPair } from "@attest/core";
import { AttestingClientSession, type GetToken } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** A JSON-RPC request as it went over the wire. */
export interface CapturedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly message: { readonly method: string; readonly params?: object };
}

/** An honest agent that proves its key, as an attacker sees it who reads all of its traffic. */
export interface WiretappedAgent {
  readonly key: KeyPair;
  /** The bound token that it uses. */
  readonly token: string;
  /** The answer of the guarded tool: the agent was let in. */
  readonly answer: string;
  /** Its call of the tool. */
  readonly call: CapturedRequest;
  readonly close: () => Promise<void>;
}

/**
 * Lets an honest agent call a tool, and keeps what went over the wire.
 *
 * @throws {Error} when the agent is not let in.
 */
export async function wiretap(
  mcpUrl: string,
  audience: string,
  getToken: GetToken,
): Promise<WiretappedAgent> {
  const key = KeyPair.generate();
  const captured: CapturedRequest[] = [];
  let token = "";
  const session = new AttestingClientSession(
    { name: "wiretapped-agent", version: "1.0.0" },
    {
      proofOfPossession: true,
      key,
      targetAudience: audience,
      getToken: async (request) => {
        token = await getToken(request);
        return token;
      },
    },
  );
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), {
    fetch: (input, init) => {
      if (typeof init?.body === "string") {
        const headers = Object.fromEntries(new Headers(init.headers));
        captured.push({ headers, message: JSON.parse(init.body) });
      }
      return fetch(input, init);
    },
  });
  await session.connect(transport);
  const { content } = await session.callTool({ name: "restart_service", arguments: { service: "mail" } });
  const [{ text } = { text: undefined }] = content as readonly { readonly text?: string }[];
  const call = captured.find(({ message }) => message.method === "tools/call");
  if (text === undefined || call === undefined)
    throw new Error("the agent that proves its key got no answer");
  return { key, token, answer: text, call, close: () => session.close() };
}
