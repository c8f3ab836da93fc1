import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface IssuerServer {
  /** The issuer: `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  /** The paths that were asked for, in order. */
  readonly requests: readonly string[];
  /** Answer of the server from now on. */
  answer: Answer;
}

/** A real HTTP server on a free port, gone when the test is over. */
export async function startIssuer(answer: Answer): Promise<IssuerServer> {
  const requests: string[] = [];
  const started = { issuer: "", requests, answer };
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    started.answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  started.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return started;
}

/** Answers with `document` as JSON. */
export function json(document: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(document));
  };
}

/** Answers with the status and nothing else. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, headers);
    response.end();
  };
}
