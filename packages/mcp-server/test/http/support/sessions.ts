import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Verifier } from "@attest/core";
import { HttpSessions, type HttpSessionsOptions, toNodeHandler } from "@attest/mcp-server/http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { expect, onTestFinished } from "vitest";
import type { Issuer } from "../../support/agents.ts";
import { initializeParams } from "../../support/raw-connection.ts";
import { createWeatherServer } from "../../support/weather-server.ts";

export const URL_OF_MCP = "http://127.0.0.1/mcp";

type Options = Partial<Omit<HttpSessionsOptions, "createServer">> & {
  readonly createServer?: (verifier: Verifier) => ReturnType<HttpSessionsOptions["createServer"]>;
};

/** Sessions of weather servers, or of others, that share one verifier; closed when the test is over. */
export function sessionsFor(issuer: Issuer, options: Options = {}): HttpSessions {
  const { verifier = issuer.verifier(), createServer: create = createWeatherServer, ...others } = options;
  const sessions = new HttpSessions({ verifier, createServer: () => create(verifier), ...others });
  onTestFinished(() => sessions.close());
  return sessions;
}

/** A plain server with a tool that never answers, and one that does. */
export function createHangingServer(): McpServer {
  const server = new McpServer({ name: "hanging", version: "1" });
  server.registerTool("hang", {}, () => new Promise(() => undefined));
  server.registerTool("steer-clouds", {}, async () => ({ content: [{ type: "text", text: "steered" }] }));
  return server;
}

export const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

export function post(body: unknown, headers: Record<string, string> = {}): Request {
  return new Request(URL_OF_MCP, {
    method: "POST",
    headers: { host: "127.0.0.1:8080", ...HEADERS, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A POST of a session, or one that would begin one, whose body has begun and goes on when the test says so. */
export function halfSent(begun: string, headers: Record<string, string> = {}): Request {
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (begun !== "") controller.enqueue(new TextEncoder().encode(begun));
  };
  const init = { method: "POST", headers: { host: "localhost", ...HEADERS, ...headers }, duplex: "half" };
  return new Request(URL_OF_MCP, { ...init, body: new ReadableStream({ start }) } as RequestInit);
}

export const initialize = (token?: string) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: initializeParams(token),
});

export const call = {
  jsonrpc: "2.0",
  id: 2,
  method: "tools/call",
  params: { name: "steer-clouds" },
} as const;

export const cancel = (requestId: number | string) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});

/** Opens a session; returns its id. */
export async function open(sessions: HttpSessions, token: string | Promise<string>): Promise<string> {
  const response = await sessions.handle(post(initialize(await token)));
  expect(await response.text()).toContain("verified");
  return response.headers.get("mcp-session-id") ?? "";
}

/** The sessions behind Node's own HTTP server. */
export async function listen(sessions: Pick<HttpSessions, "handle">): Promise<URL> {
  const server = createServer(toNodeHandler(sessions.handle));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
}
