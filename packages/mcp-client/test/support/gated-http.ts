import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { onTestFinished } from "vitest";

export interface HttpHost {
  readonly url: URL;
  /** The sessions that are open, by id. */
  readonly sessions: ReadonlyMap<string, StreamableHTTPServerTransport>;
  /** The HTTP requests so far, by method. */
  readonly requests: string[];
  /** Forgets every session, and leaves its connections alone. */
  forget(): void;
  /** Forgets every session and cuts every connection, as a process does that dies and is started again. */
  crash(): void;
}

interface HostOptions {
  /** Answers instead of the session, where it returns true. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Serves sessions over Streamable HTTP on a port of this machine, each with a server of its own. */
export async function serveHttp(
  connect: (transport: Transport) => Promise<void>,
  { intercept = () => false }: HostOptions = {},
): Promise<HttpHost> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const requests: string[] = [];

  async function open(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
    });
    await connect(transport as Transport);
    const { onclose } = transport;
    transport.onclose = () => {
      onclose?.();
      sessions.delete(transport.sessionId ?? "");
    };
    return transport;
  }

  const server = createServer(async (request, response) => {
    requests.push(request.method ?? "");
    if (intercept(request, response)) return;
    const id = request.headers["mcp-session-id"];
    const transport = typeof id === "string" ? sessions.get(id) : await open();
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    sessions,
    requests,
    forget: () => sessions.clear(),
    crash: () => {
      sessions.clear();
      server.closeAllConnections();
    },
  };
}
