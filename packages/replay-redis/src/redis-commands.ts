/** What a check asks of Redis: to set the key unless it is there, and to say what was there. */
export interface ClaimOptions {
  readonly condition: "NX";
  readonly GET: true;
  readonly expiration: { readonly type: "PX"; readonly value: number };
}

/** The commands that are routed by their key: all a check needs. */
export interface KeyedCommands {
  set(key: string, value: string, options: ClaimOptions): Promise<unknown>;
  exists(key: string): Promise<unknown>;
  setRange(key: string, offset: number, value: string): Promise<unknown>;
}

/** The commands that concern one server. */
export interface NodeCommands {
  scan(cursor: string, options: { readonly MATCH: string; readonly COUNT: number }): Promise<ScanReply>;
  unlink(key: string): Promise<unknown>;
  info(section: string): Promise<unknown>;
}

export interface ScanReply {
  readonly cursor: unknown;
  readonly keys: readonly unknown[];
}

/** A node-redis client, pool or sentinel. */
export type SingleRedis = KeyedCommands & NodeCommands;

/** A node-redis cluster. */
export interface ClusterRedis extends KeyedCommands {
  readonly masters: readonly unknown[];
  nodeClient(node: never): unknown;
}

/** A node-redis client, pool, cluster or sentinel, or anything with the commands that are used of them. */
export type RedisClient = SingleRedis | ClusterRedis;

/** Every server that holds ids: the masters of a cluster, or the one there is. */
export async function holdersOf(client: RedisClient): Promise<readonly NodeCommands[]> {
  if (!("masters" in client)) return [client];
  return Promise.all(client.masters.map((node) => client.nodeClient(node as never) as Promise<NodeCommands>));
}
