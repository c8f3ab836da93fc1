import { AttestationVerifier, InMemoryKeyResolver } from "@attest/core";
import { AttestingClientSession } from "@attest/mcp-client";
import { AttestingServer } from "@attest/mcp-server";
import { HttpSessions } from "@attest/mcp-server/http";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { WebStandardStreamableHTTPServerTransport as HttpTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { sdkVersionOf } from "../../../../test-support/sdk-version.ts";

const packageFolder = new URL("../../", import.meta.url);

/** Returns the version of the SDK in this process, by each way in which it gets there. */
export async function whichSdk(): Promise<Readonly<Record<string, string>>> {
  const version = (loaded: unknown, file: string, name: string) =>
    sdkVersionOf(loaded, { file, name, packageFolder });
  const httpTransport = "server/webStandardStreamableHttp.js";
  return {
    server: await version(Object.getPrototypeOf(AttestingServer), "server/mcp.js", "McpServer"),
    http: await version(
      await transportOfSessions(),
      httpTransport,
      "WebStandardStreamableHTTPServerTransport",
    ),
    client: await version(Object.getPrototypeOf(AttestingClientSession), "client/index.js", "Client"),
    test: await version(sdkOwn(StdioClientTransport), "client/stdio.js", "StdioClientTransport"),
  };
}

/** The class that `HttpSessions` makes its transports of, if that is the one that tests get. */
async function transportOfSessions(): Promise<unknown> {
  let made: unknown;
  const { handleRequest } = HttpTransport.prototype;
  HttpTransport.prototype.handleRequest = function (...parameters) {
    made = HttpTransport;
    return handleRequest.apply(this, parameters);
  };
  const sessions = new HttpSessions({
    verifier: new AttestationVerifier({
      trustedIssuers: ["https://issuer.example"],
      keyResolver: new InMemoryKeyResolver(),
      audience: "which-sdk",
      policy: "optional",
    }),
    createServer: () => ({ connect: (transport) => transport.start() }),
  });
  const clientInfo = { name: "which-sdk", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params };
  const accept = "application/json, text/event-stream";
  const headers = { host: "localhost", "content-type": "application/json", accept };
  await sessions.handle(
    new Request("http://localhost/mcp", { method: "POST", headers, body: JSON.stringify(initialize) }),
  );
  await sessions.close();
  HttpTransport.prototype.handleRequest = handleRequest;
  return made;
}

/** Behind the tests' own subclass for the oldest SDK. */
function sdkOwn(transport: typeof StdioClientTransport): unknown {
  const parent: unknown = Object.getPrototypeOf(transport);
  return parent === Function.prototype ? transport : parent;
}
