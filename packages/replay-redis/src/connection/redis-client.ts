import { kindOf, membersOf, type Option } from "@attest/core/internal";

/** The options of the `SET` that claims an id: to set the key unless it is there, and to return its value. */
export interface ClaimOptions {
  readonly condition: "NX";
  readonly GET: true;
  readonly expiration: { readonly type: "PX"; readonly value: number };
}

/** The commands that are routed by their key. */
export interface KeyedCommands {
  set(key: string, value: string, options: ClaimOptions): Promise<unknown>;
  exists(key: string): Promise<unknown>;
  setRange(key: string, offset: number, value: string): Promise<unknown>;
}

/** The options of the `SCAN` that finds ids. */
export interface ScanOptions {
  readonly MATCH: string;
  readonly TYPE: "string";
  readonly COUNT: number;
}

/** A page of `SCAN`. */
export interface ScanReply {
  readonly cursor: unknown;
  readonly keys: readonly unknown[];
}

/** The commands that concern one server. */
export interface NodeCommands {
  scan(cursor: string, options: ScanOptions): Promise<ScanReply>;
  unlink(key: string): Promise<unknown>;
  info(section: string): Promise<unknown>;
}

/** A node-redis client, pool or sentinel. */
export type SingleRedis = KeyedCommands & NodeCommands;

/** A node-redis cluster. */
export interface ClusterRedis extends KeyedCommands {
  readonly masters: readonly unknown[];
  nodeClient(node: never): unknown;
}

/** A node-redis client, pool, cluster or sentinel, or any object with the commands that are used of them. */
export type RedisClient = SingleRedis | ClusterRedis;

/** Whether `client` routes commands to the nodes of a cluster. */
export function isCluster(client: RedisClient): client is ClusterRedis {
  return "masters" in client;
}

/** Returns every server that holds ids: the masters of a cluster, or the client itself. */
export async function holdersOf(client: RedisClient): Promise<readonly NodeCommands[]> {
  if (!isCluster(client)) return [client];
  return Promise.all(client.masters.map((node) => client.nodeClient(node as never) as Promise<NodeCommands>));
}

const KINDS = "a node-redis client, pool, cluster or sentinel";

/** Reads the option `client`: a client with the commands that are needed, which does not change the keys. */
export const redisClient: Option<RedisClient> = (value, name) => {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`${name} must be ${KINDS}, got ${kindOf(value)}`);
  const members = membersOf(value);
  const ofNodes = "masters" in value ? ["nodeClient"] : ["scan", "unlink", "info"];
  const missing = ["set", "exists", "setRange", ...ofNodes].find(
    (command) => typeof members[command] !== "function",
  );
  if (missing !== undefined) throw new TypeError(`${name} must be ${KINDS}; this object has no ${missing}()`);
  // Its SCAN would search without the prefix that its SET adds, so that nothing would be counted or cleared.
  if (membersOf(members["options"])["keyPrefix"] || members["_keyPrefix"])
    throw new TypeError(
      `${name} must not have a keyPrefix of its own; give keyPrefix to RedisReplayCache instead`,
    );
  return value as RedisClient;
};
