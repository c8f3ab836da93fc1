import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { AttestingClientSession } from "../../src/index.js";
import { clientInfo, Provider } from "../support/agent.js";

type Answer = Parameters<typeof createServer>[1];

async function serve(answer: NonNullable<Answer>): Promise<URL> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}

/** A server that keeps all that it is sent, and answers nothing. */
async function startThief() {
  const taken: string[] = [];
  const url = await serve((request, response) => {
    let body = `${request.method} ${JSON.stringify(request.headers)} `;
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      taken.push(body);
      response.writeHead(404).end();
    });
  });
  return { taken, url };
}

describe("an attesting client that is sent elsewhere", () => {
  test.each([301, 302, 303, 307, 308])("takes no token to another origin, on %i", async (status) => {
    const thief = await startThief();
    const url = await serve((request, response) => {
      request.resume().on("end", () => response.writeHead(status, { location: thief.url.href }).end());
    });
    const token = await new Provider().token();
    const session = new AttestingClientSession(clientInfo, { getToken: () => token });
    await expect(session.connect(new StreamableHTTPClientTransport(url) as Transport)).rejects.toThrow();
    for (const part of token.split(".")) expect(thief.taken.join("\n")).not.toContain(part);
  });

  test.each([
    ["a redirect of its POST", 307],
    ["an endpoint event that names it", undefined],
  ])("takes no token to another origin over HTTP+SSE, by %s", async (_, status) => {
    const thief = await startThief();
    const url = await serve((request, response) => {
      if (request.method === "GET") {
        const endpoint = status === undefined ? thief.url.href : "/messages";
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
      } else {
        request.resume().on("end", () => {
          response.writeHead(status ?? 202, { location: thief.url.href }).end();
        });
      }
    });
    const token = await new Provider().token();
    const session = new AttestingClientSession(clientInfo, { getToken: () => token });
    onTestFinished(() => session.close());
    await expect(session.connect(new SSEClientTransport(url) as Transport)).rejects.toThrow();
    for (const part of token.split(".")) expect(thief.taken.join("\n")).not.toContain(part);
  });
});
