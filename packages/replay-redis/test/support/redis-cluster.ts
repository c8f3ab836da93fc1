import { setTimeout } from "node:timers/promises";
import { createCluster } from "redis";
import { RedisServer } from "./redis-server.ts";

const SLOTS = 16_384;
const NODES = 3;

/** Three masters, and a replica of each when asked for: a cluster that fails over within about a second. */
export class RedisCluster implements AsyncDisposable {
  readonly masters: readonly RedisServer[];
  readonly replicas: readonly RedisServer[];

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  static async start({ replicas = false }: { readonly replicas?: boolean } = {}): Promise<RedisCluster> {
    const args = [
      "--cluster-enabled",
      "yes",
      "--cluster-node-timeout",
      "1000",
      "--repl-diskless-sync-delay",
      "0",
    ];
    const count = replicas ? NODES * 2 : NODES;
    const servers = await Promise.all(Array.from({ length: count }, () => RedisServer.start(...args)));
    const cluster = new RedisCluster(servers.slice(0, NODES), servers.slice(NODES));
    try {
      await cluster.#join(servers);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Returns a client as an application would make it. */
  createClient() {
    const client = createCluster({
      rootNodes: this.masters.map(({ url }) => ({ url })),
      defaults: {
        disableOfflineQueue: true,
        pingInterval: 500,
        socket: { socketTimeout: 1500, reconnectStrategy: 200 },
      },
      topologyRefreshOnReconnectionAttemptStrategy: 500,
    });
    client.on("error", () => undefined);
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.masters, ...this.replicas].map((server) => server.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #join(servers: readonly RedisServer[]): Promise<void> {
    const [first] = servers;
    if (first === undefined) return;
    await Promise.all(
      servers.map(async (server, index) => {
        await server.command("CONFIG", "SET", "cluster-announce-ip", "127.0.0.1");
        await server.command("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
        await server.command("CLUSTER", "MEET", "127.0.0.1", String(first.port));
      }),
    );
    const bounds = Array.from({ length: NODES + 1 }, (_, index) => Math.floor((index * SLOTS) / NODES));
    await Promise.all(
      this.masters.map((master, index) =>
        master.command(
          "CLUSTER",
          "ADDSLOTSRANGE",
          String(bounds[index]),
          String((bounds[index + 1] ?? 0) - 1),
        ),
      ),
    );
    await until(() =>
      this.#agree(
        servers,
        (info) => info.includes("cluster_state:ok") && info.includes(`known_nodes:${servers.length}`),
      ),
    );
    await Promise.all(
      this.replicas.map(async (replica, index) => {
        const id = String(await this.masters[index]?.command("CLUSTER", "MYID"));
        await until(async () => String(await replica.command("CLUSTER", "NODES")).includes(id));
        await replica.command("CLUSTER", "REPLICATE", id);
        await until(async () =>
          String(await replica.command("INFO", "replication")).includes("master_link_status:up"),
        );
      }),
    );
  }

  async #agree(servers: readonly RedisServer[], test: (info: string) => boolean): Promise<boolean> {
    const infos = await Promise.all(servers.map((server) => server.command("CLUSTER", "INFO")));
    return infos.every((info) => test(String(info)));
  }
}

/** Waits until `test` holds. @throws {Error} when it takes longer than 20 seconds. */
export async function until(test: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !(await test()); await setTimeout(30)) {
    if (performance.now() > deadline) throw new Error(`still not so: ${test}`);
  }
}
