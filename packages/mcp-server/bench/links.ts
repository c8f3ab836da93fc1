import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { startHttpHost } from "../test/support/http-host.ts";

/** A way to reach servers of one kind. */
export interface Link {
  /** Ends every connection there is, and makes servers ready for so many more. */
  readonly reset: (connections: number) => Promise<void>;
  /** The client's end of a new connection, each to a server of its own. */
  readonly open: () => Promise<Transport>;
  readonly close: () => Promise<void>;
}

export type CreateLink = (createServer: () => McpServer) => Promise<Link>;

export const inMemory: CreateLink = async (createServer) => {
  const servers = new ReadyServers(createServer);
  const open = new Set<Transport>();
  const closeAll = async () => {
    for (const transport of open) await transport.close();
    open.clear();
  };
  return {
    reset: async (connections) => {
      await closeAll();
      servers.make(connections);
    },
    open: async () => {
      const [client, server] = InMemoryTransport.createLinkedPair();
      await servers.take().connect(server);
      open.add(client);
      return client;
    },
    close: closeAll,
  };
};

/** A host as the SDK's documentation shows it, for both, so that they differ in nothing but the gate. */
export const loopbackHttp: CreateLink = async (createServer) => {
  const servers = new ReadyServers(createServer);
  const host = await startHttpHost(() => servers.take());
  // Without the stream for the server's own messages: it opens whenever it likes, in somebody else's round.
  const withoutStream: typeof fetch = (input, init) =>
    init?.method === "GET" ? Promise.resolve(new Response(null, { status: 405 })) : fetch(input, init);
  return {
    reset: async (connections) => {
      for (const session of host.sessions.values()) await session.close();
      servers.make(connections);
    },
    open: async () => new StreamableHTTPClientTransport(host.url, { fetch: withoutStream }) as Transport,
    close: () => host.close(),
  };
};

/** Servers made beforehand: to make one costs more than to connect to it, attested or not. */
class ReadyServers {
  readonly #create: () => McpServer;
  readonly #ready: McpServer[] = [];

  constructor(create: () => McpServer) {
    this.#create = create;
  }

  make(count: number): void {
    while (this.#ready.length < count) this.#ready.push(this.#create());
  }

  take(): McpServer {
    return this.#ready.pop() ?? this.#create();
  }
}
