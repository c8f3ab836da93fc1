import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpSessions, type HttpSessionsOptions, toNodeHandler } from "@attest/mcp-server/http";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { onTestFinished } from "vitest";

/** Runs what becomes of one request. */
type Around = (request: IncomingMessage, run: () => Promise<void>) => Promise<void>;

/** `sessions` behind Node's own HTTP server, until `close`. */
export async function serve(
  sessions: HttpSessions,
  around: Around = (_, run) => run(),
): Promise<{ url: URL; close: () => Promise<void> }> {
  const handler = toNodeHandler(sessions.handle);
  const server = createServer((request, response) => void around(request, () => handler(request, response)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`),
    close: async () => {
      await sessions.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `HttpSessions` with these options, served until the test is over. */
export async function listen(options: HttpSessionsOptions): Promise<{ url: URL; sessions: HttpSessions }> {
  const sessions = new HttpSessions(options);
  const { url, close } = await serve(sessions);
  onTestFinished(close);
  return { url, sessions };
}

/** An HTTP answer, and the JSON-RPC messages in it. */
export interface HttpAnswer {
  readonly status: number;
  readonly sessionId: string | undefined;
  readonly messages: readonly JSONRPCMessage[];
}

/** The headers that every request of a session has, or one that begins a session. */
export function headersFor(sessionId?: string): Record<string, string> {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
  };
}

/** Posts `body` as it is, and waits for all of the answer. */
export async function post(
  url: URL,
  body: unknown,
  { sessionId, method = "POST" }: { sessionId?: string | undefined; method?: string } = {},
): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method,
    headers: headersFor(sessionId),
    ...(method === "POST" ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
  });
  return {
    status: response.status,
    sessionId: response.headers.get("mcp-session-id") ?? undefined,
    messages: messagesIn(await response.text(), response.headers.get("content-type")),
  };
}

/** The messages in an answer's body, or in as much of it as has come. */
function messagesIn(text: string, type: string | null): readonly JSONRPCMessage[] {
  if (text === "") return [];
  if (!type?.startsWith("text/event-stream")) return [JSON.parse(text)].flat();
  return text.split("\n").flatMap(messagesInLine);
}

/** The message in a line of an event stream (Server-Sent Events), if there is one. */
export function messagesInLine(line: string): readonly JSONRPCMessage[] {
  return /^data: ./.test(line) ? [JSON.parse(line.slice(6))] : [];
}
