import { spawn } from "node:child_process";
import { once } from "node:events";
import { attestServer, type GateOptions } from "@attest/mcp-server";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createServer } from "@modelcontextprotocol/server-everything/dist/server/index.js";
import type { TestContext } from "vitest";
import { commandOf } from "./run-program.ts";

const everything = commandOf(
  import.meta.resolve("@modelcontextprotocol/server-everything/package.json"),
  "mcp-server-everything",
);

/** MCP's reference server as it is, over stdio. */
export async function openStdio(): Promise<Transport> {
  return new StdioClientTransport({
    command: process.execPath,
    args: [everything, "stdio"],
    stderr: "ignore",
  });
}

/** MCP's reference server as it is, over Streamable HTTP. */
export async function openHttp({ onTestFinished }: TestContext): Promise<Transport> {
  const loopbackOnly = new URL("loopback-only.ts", import.meta.url).href;
  const child = spawn(process.execPath, ["--import", loopbackOnly, everything, "streamableHttp"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const port = await new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const [, told] = /^port (\d+)$/m.exec(output) ?? [];
      if (told !== undefined) resolve(told);
    });
    exited.then(() => reject(new Error(`the server ended before it listened: ${output}`)), reject);
  });
  return new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)) as Transport;
}

/** MCP's reference server behind our gate. */
export function createGatedServer(options: GateOptions): McpServer {
  const { server, cleanup } = createServer();
  server.server.onclose = () => cleanup();
  return attestServer(server, options);
}
