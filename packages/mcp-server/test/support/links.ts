import { fileURLToPath } from "node:url";
import type { VerificationPolicy } from "@attest/core";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { onTestFinished } from "vitest";
import type { Issuer } from "./agents.ts";
import { startHttpHost } from "./http-host.ts";
import { createWeatherServer } from "./weather-server.ts";

/** Ways to reach a weather server: what comes back makes client transports, each a connection of its own. */
export type Link = (issuer: Issuer, policy?: VerificationPolicy) => Promise<() => Promise<Transport>>;

const http: Link = async (issuer, policy) => {
  const verifier = issuer.verifier({ policy });
  const host = await startHttpHost(() => createWeatherServer(verifier, { onUnattested: () => undefined }));
  onTestFinished(() => host.close());
  return async () => new StreamableHTTPClientTransport(host.url) as Transport;
};

const stdio: Link = async (issuer, policy = "required") => {
  return async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [fileURLToPath(new URL("stdio-server.ts", import.meta.url))],
      env: { ISSUER_PEM: issuer.keyPair.toPem(), POLICY: policy, NODE_NO_WARNINGS: "1" },
    });
    onTestFinished(() => transport.close());
    return transport;
  };
};

const inMemory: Link = async (issuer, policy) => {
  const verifier = issuer.verifier({ policy });
  return async () => {
    const [client, server] = InMemoryTransport.createLinkedPair();
    await createWeatherServer(verifier, { onUnattested: () => undefined }).connect(server);
    return client;
  };
};

export const links: readonly (readonly [name: string, link: Link])[] = [
  ["Streamable HTTP", http],
  ["stdio", stdio],
  ["in-memory", inMemory],
];
