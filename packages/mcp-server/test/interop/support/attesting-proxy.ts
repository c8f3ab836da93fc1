import { attestTransport, type GetToken } from "@attest/mcp-client";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { InitializeResult, JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { startHttpHost } from "../../support/http-host.ts";
import type { Served } from "./serve.ts";

/** An MCP server for clients that know nothing of attestation: it passes on what they say, and attests for them. */
export function startAttestingProxy(target: URL, getToken: GetToken): Promise<Served> {
  return startHttpHost(() => ({
    connect: (front) => join(front, attestTransport(new StreamableHTTPClientTransport(target), { getToken })),
  }));
}

async function join(front: Transport, back: StreamableHTTPClientTransport): Promise<void> {
  const open = new Set<RequestId>();
  let initializeId: RequestId | undefined;
  let isOver = false;
  const toFront = (message: JSONRPCMessage, options?: TransportSendOptions): void => {
    front.send(message, options).catch((error: Error) => front.onerror?.(error));
  };

  const forget = front.onclose;
  front.onclose = () => {
    forget?.();
    if (isOver) return;
    isOver = true;
    void back
      .terminateSession()
      .catch(() => undefined)
      .then(() => back.close());
  };
  back.onclose = () => {
    isOver = true;
    void front.close();
  };

  front.onmessage = (message: JSONRPCMessage) => {
    const isRequest = "method" in message && "id" in message;
    if (isRequest) open.add(message.id);
    if (isRequest && message.method === "initialize") initializeId = message.id;
    back.send(message).catch((error: Error) => {
      if (isRequest) {
        toFront({ jsonrpc: "2.0", id: message.id, error: { code: -32603, message: error.message } });
      }
    });
  };
  back.onmessage = (message: JSONRPCMessage) => {
    if ("method" in message) {
      // Where a message belongs the client transport does not tell; the call that runs is as good a guess as any.
      const relatedRequestId = [...open].at(-1);
      toFront(message, relatedRequestId === undefined ? {} : { relatedRequestId });
      return;
    }
    if (message.id !== undefined) open.delete(message.id);
    if ("result" in message && message.id === initializeId) {
      back.setProtocolVersion((message.result as InitializeResult).protocolVersion);
    }
    toFront(message);
  };
  await back.start();
  await front.start();
}
