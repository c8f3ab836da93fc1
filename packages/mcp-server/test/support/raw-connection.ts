import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { onTestFinished } from "vitest";

/** A connection without a client: messages go out as they are given, and all that comes back is kept. */
export interface RawConnection {
  /** Sends a request and waits for its answer. */
  request(method: string, params?: Record<string, unknown>): Promise<JSONRPCMessage>;
  /** Sends a request under an id of the test's own and waits for its answer. */
  requestAs(id: RequestId, method: string, params?: Record<string, unknown>): Promise<JSONRPCMessage>;
  /** Sends any message. */
  send(message: JSONRPCMessage): Promise<void>;
  notify(method: string, params?: Record<string, unknown>): Promise<void>;
  /** Every message that came, in order. */
  readonly received: readonly JSONRPCMessage[];
  readonly isClosed: () => boolean;
}

export async function openRaw(transport: Transport): Promise<RawConnection> {
  const received: JSONRPCMessage[] = [];
  const waiting = new Map<RequestId | undefined, (message: JSONRPCMessage) => void>();
  let nextId = 1;
  let closed = false;
  transport.onmessage = (message) => {
    received.push(message);
    if ("id" in message) waiting.get(message.id)?.(message);
  };
  transport.onclose = () => {
    closed = true;
  };
  await transport.start();
  onTestFinished(() => transport.close());
  async function requestAs(
    id: RequestId,
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<JSONRPCMessage> {
    const answer = new Promise<JSONRPCMessage>((resolve) => waiting.set(id, resolve));
    await transport.send({ jsonrpc: "2.0", id, method, params });
    return answer;
  }
  return {
    received,
    requestAs,
    send: (message) => transport.send(message),
    isClosed: () => closed,
    notify: (method, params = {}) => transport.send({ jsonrpc: "2.0", method, params }),
    request: (method, params) => requestAs(nextId++, method, params),
  };
}

/** Connects `server` in memory and opens the other end; `prepare` may change the server's end before. */
export async function connectRaw(
  server: { connect(transport: Transport): Promise<void> },
  prepare: (serverSide: Transport) => void = () => undefined,
): Promise<RawConnection> {
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  prepare(serverSide);
  await server.connect(serverSide);
  return openRaw(client);
}

/** The params of an `initialize` that presents `token`, or nothing. */
export function initializeParams(
  token?: string,
  experimental: Record<string, unknown> = {},
): Record<string, unknown> {
  const entry = token === undefined ? {} : { "security.attestation": { version: "0.1.0", token } };
  return {
    protocolVersion: "2025-11-25",
    clientInfo: { name: "raw", version: "1" },
    capabilities: { experimental: { ...experimental, ...entry } },
  };
}
