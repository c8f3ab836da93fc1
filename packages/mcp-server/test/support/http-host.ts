import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** A stateful Streamable HTTP host as the SDK's documentation shows it: a server and a transport per session. */
export interface HttpHost {
  readonly url: URL;
  readonly sessions: ReadonlyMap<string, StreamableHTTPServerTransport>;
  close(): Promise<void>;
}

export async function startHttpHost(
  createMcpServer: () => { connect(transport: Transport): Promise<void> },
  { stateless = false } = {},
): Promise<HttpHost> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  async function openSession(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      ...(stateless ? {} : { sessionIdGenerator: () => randomUUID() }),
      // Against DNS rebinding, as MCP asks of servers on this machine.
      enableDnsRebindingProtection: true,
      allowedHosts: [address.host],
      allowedOrigins: [address.origin],
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
    });
    transport.onclose = () => {
      if (transport.sessionId) sessions.delete(transport.sessionId);
    };
    await createMcpServer().connect(transport as Transport);
    return transport;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sessionId = request.headers["mcp-session-id"];
    const transport = typeof sessionId === "string" ? sessions.get(sessionId) : await openSession();
    if (transport) await transport.handleRequest(request, response);
    else response.writeHead(404).end();
  }

  const http = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const address = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  return {
    url: address,
    sessions,
    close: async () => {
      await Promise.all([...sessions.values()].map((transport) => transport.close()));
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
