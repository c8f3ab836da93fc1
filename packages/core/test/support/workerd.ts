import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { onTestFinished } from "vitest";
import type { NeedsProgram } from "../../../../test-support/needs.ts";

/**
 * Returns the path of the program, which is a CommonJS package's only export, and comes without types.
 *
 * @throws {Error} on a machine that it is not made for.
 */
function workerdPath(): string {
  const require = createRequire(import.meta.url);
  return (require("workerd") as { readonly default: string }).default;
}

/**
 * Returns the options of a test, or of a suite, that needs workerd. npm brings it, for some machines.
 *
 * @throws {Error} in continuous integration, where nothing may be left out.
 */
export function needsWorkerd(): NeedsProgram {
  try {
    execFileSync(workerdPath(), ["--version"], { stdio: "ignore" });
    return {};
  } catch (cause) {
    const leftOut =
      "the Worker tests need workerd: run them on a machine that its npm package has a program for";
    if (process.env["CI"] === "true")
      throw new Error(`nothing is left out under CI, and ${leftOut}`, { cause });
    return { skip: true, meta: { leftOut } };
  }
}

/** The Worker's `fetch` reaches this machine alone. */
const configuration = (flags: readonly string[]) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = ${JSON.stringify(flags)},
);
`;

/**
 * Serves a Worker by Cloudflare's runtime on 127.0.0.1 until the test is over. Without the flag `nodejs_compat` it has none
 * of Node's modules or globals. Returns the origin.
 */
export async function serveWorker(code: string, flags: readonly string[] = []): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "attest-workerd-"));
  writeFileSync(join(folder, "worker.js"), code);
  writeFileSync(join(folder, "config.capnp"), configuration(flags));
  // It tells the port of its own choice on the descriptor that it is given for that.
  const child = spawn(workerdPath(), ["serve", "--control-fd=3", join(folder, "config.capnp")], {
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
