import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { FixedClock } from "@attest/core/testing";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { onTestFinished } from "vitest";
import type { Issuer } from "../../support/agents.ts";
import { startHttpHost } from "../../support/http-host.ts";
import { type Hold, heldVerifier } from "./held-verifier.ts";
import { createWitnessServer, type WitnessOptions } from "./witness-server.ts";

/** Witness servers behind one kind of link, and what they saw. */
export interface Witness {
  /** A client's transport to them: a session of its own each. */
  connect(): Promise<Transport>;
  /** All that they heard and ran, in every session. */
  readonly saw: readonly string[];
  /** Lets the verifications that are held go on. */
  release(): void;
  /** Resolves when nothing can be seen any more of sessions that the server has ended. */
  ended(): Promise<void>;
}

export type WitnessLink = (issuer: Issuer, hold?: Hold) => Promise<Witness>;

/** One verifier for all sessions, as in a server that serves them all. */
function inThisProcess(issuer: Issuer, hold: Hold = "none") {
  const saw: string[] = [];
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const clock = new FixedClock(Date.now() / 1000);
  const verifier = heldVerifier(issuer, { hold, released, clock });
  const options: WitnessOptions = { verifier, clock, saw: (what) => void saw.push(what) };
  return { saw, release, createServer: () => createWitnessServer(options) };
}

const http: WitnessLink = async (issuer, hold) => {
  const { saw, release, createServer } = inThisProcess(issuer, hold);
  const host = await startHttpHost(createServer);
  onTestFinished(() => host.close());
  return {
    saw,
    release,
    ended: async () => undefined,
    connect: async () => new StreamableHTTPClientTransport(host.url) as Transport,
  };
};

const inMemory: WitnessLink = async (issuer, hold) => {
  const { saw, release, createServer } = inThisProcess(issuer, hold);
  return {
    saw,
    release,
    ended: async () => undefined,
    connect: async () => {
      const [client, serverSide] = InMemoryTransport.createLinkedPair();
      await createServer().connect(serverSide);
      return client;
    },
  };
};

const stdio: WitnessLink = async (issuer, hold = "none") => {
  const saw: string[] = [];
  const children: StdioClientTransport[] = [];
  const endings: Promise<unknown>[] = [];
  return {
    saw,
    ended: async () => void (await Promise.all(endings)),
    release: () => {
      for (const { pid } of children) if (pid !== null) process.kill(pid, "SIGUSR2");
    },
    connect: async () => {
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [fileURLToPath(new URL("witness-stdio-server.ts", import.meta.url))],
        env: {
          ISSUER_PEM: issuer.keyPair.toPem(),
          HOLD: hold,
          NOW: String(Date.now() / 1000),
          NODE_NO_WARNINGS: "1",
        },
        stderr: "pipe",
      });
      children.push(transport);
      const lines = createInterface(transport.stderr as Readable).on("line", (line) => saw.push(line));
      endings.push(once(lines, "close"));
      onTestFinished(() => transport.close());
      return transport;
    },
  };
};

export const witnessLinks: readonly (readonly [name: string, link: WitnessLink])[] = [
  ["Streamable HTTP", http],
  ["stdio", stdio],
  ["in-memory", inMemory],
];
