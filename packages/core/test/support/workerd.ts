import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";

const require = createRequire(import.meta.url);
/** The path of the program, which is a CommonJS package's only export, and comes without types. */
const { default: workerd } = require("workerd") as { readonly default: string };

/** No compatibility flag: the Worker has none of Node's modules or globals. */
const CONFIGURATION = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-06-01",
);
`;

/** Serves a Worker by Cloudflare's runtime on 127.0.0.1 until the test is over. Returns the origin. */
export async function serveWorker(code: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "attest-workerd-"));
  writeFileSync(join(folder, "worker.js"), code);
  writeFileSync(join(folder, "config.capnp"), CONFIGURATION);
  // It tells the port of its own choice on the descriptor that it is given for that.
  const child = spawn(workerd, ["serve", "--control-fd=3", join(folder, "config.capnp")], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const closed = new Promise((resolve) => child.on("close", resolve));
  onTestFinished(async () => {
    child.kill();
    await closed;
    rmSync(folder, { recursive: true });
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const port = await Promise.race([
    listeningPort(child.stdio[3] as Readable),
    closed.then(() => Promise.reject(new Error(`workerd ended before it listened:\n${output}`))),
  ]);
  return `http://127.0.0.1:${port}`;
}

function listeningPort(control: Readable): Promise<number> {
  return new Promise((resolve) => {
    let text = "";
    control.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const [, port] = /"port":(\d+)/.exec(text) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
