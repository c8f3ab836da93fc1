import { PassThrough } from "node:stream";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { ReadBuffer, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** The two ends of a stdio connection whose server is in this process, as one among many. */
export function stdioPair(): readonly [client: Transport, serverSide: Transport] {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const incoming = new ReadBuffer();
  const client: Transport = {
    start: async () => {
      stdout.on("data", (chunk: Buffer) => {
        incoming.append(chunk);
        for (let message = incoming.readMessage(); message !== null; message = incoming.readMessage()) {
          client.onmessage?.(message);
        }
      });
    },
    send: async (message) => void stdin.write(serializeMessage(message)),
    close: async () => {
      stdin.destroy();
      stdout.destroy();
      client.onclose?.();
    },
  };
  return [client, new StdioServerTransport(stdin, stdout)];
}
