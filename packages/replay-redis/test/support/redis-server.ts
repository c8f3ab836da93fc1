import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createClient } from "redis";
import { findRedis } from "./redis-binary.ts";

const START_SECONDS = 10;

/** A Redis for one test: on a free port, without persistence, in a folder that is removed with it. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(program: string, port: number, folder: string, args: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#folder = folder;
    this.#args = args;
  }

  /** @param args further arguments, such as `--maxmemory 2mb` */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), "attest-redis-"));
    const port = await freePort();
    const nothingSaved = ["--save", "", "--appendonly", "no"];
    const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, ...nothingSaved];
    const server = new RedisServer(await findRedis(), port, folder, [...own, ...args]);
    try {
      await server.restart();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** A sentinel that watches one master, alone, and fails over after half a second. */
  static async startSentinel(name: string, masterPort: number): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), "attest-redis-"));
    const config = join(folder, "sentinel.conf");
    const port = await freePort();
    const rules = [
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 2000`,
    ];
    writeFileSync(config, `${rules.join("\n")}\n`);
    const sentinel = new RedisServer(await findRedis(), port, folder, [config, "--sentinel"]);
    await sentinel.restart();
    return sentinel;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, also again after `kill`, without its data. */
  async restart(): Promise<void> {
    const child = spawn(this.#program, this.#args, {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    let log = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      log = `${log}${chunk}`.slice(-2000);
    });
    for (const deadline = performance.now() + START_SECONDS * 1000; ; await setTimeout(20)) {
      // Sentinels have no such line.
      if (/Ready to accept connections|\+monitor/.test(log)) return;
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${this.#program} did not start:\n${log}`);
    }
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Stops it: connections stay and are accepted, and get no answer. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Sends it one command, over a connection of its own. */
  async command(...args: readonly string[]): Promise<unknown> {
    const client = createClient({ url: this.url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await client.sendCommand([...args]);
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Returns a port whose second port, 10,000 above it for a cluster, is free too. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const holder = createServer();
  return new Promise((resolve) => {
    holder.once("error", () => resolve(false));
    holder.listen(port, "127.0.0.1", () => holder.close(() => resolve(true)));
  });
}
