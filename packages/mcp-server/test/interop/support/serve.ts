import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpSessions, type HttpSessionsOptions, toNodeHandler } from "@attest/mcp-server/http";

export interface Served {
  readonly url: URL;
  close(): Promise<void>;
}

/** Serves MCP as users of this package do, on a free port of the loopback interface. */
export async function serve(
  createMcpServer: HttpSessionsOptions["createServer"],
  options: Omit<HttpSessionsOptions, "createServer">,
): Promise<Served> {
  const sessions = new HttpSessions({ ...options, createServer: createMcpServer });
  const http = createServer(toNodeHandler(sessions.handle));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`);
  return {
    url,
    close: async () => {
      await sessions.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
