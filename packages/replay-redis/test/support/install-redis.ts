import { findRedis } from "./redis-binary.ts";

/** Before any test: there is a Redis server, or one line that says how to get it. */
export async function setup(): Promise<void> {
  await findRedis();
}
