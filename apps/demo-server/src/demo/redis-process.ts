import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

const START_SECONDS = 10;

/** A Redis of the demo's own, which remembers nothing beyond it. */
export interface RedisProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a Redis on a free port; `undefined` when neither `redis-server` nor `valkey-server` is installed. */
export async function startRedis(): Promise<RedisProcess | undefined> {
  const program = onPath(["redis-server", "valkey-server"]);
  if (program === undefined) return undefined;
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", tmpdir()];
  const child = spawn(program, [...options, "--save", "", "--appendonly", "no"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  const timer = setTimeout(() => child.kill("SIGKILL"), START_SECONDS * 1000);
  const isReady = await saysItIsReady(child).finally(() => clearTimeout(timer));
  if (!isReady) throw new Error(`${program} did not start`);
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function saysItIsReady(child: ChildProcess): Promise<boolean> {
  if (!child.stdout) return false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes("Ready to accept connections")) continue;
    child.stdout.resume();
    return true;
  }
  return false;
}

function onPath(names: readonly string[]): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}
