import { findProgram } from "../../../../test-support/find-program.ts";

/** The path of a Redis or Valkey server, which is installed first where that is possible. */
export function findRedis(): Promise<string> {
  return findProgram({
    names: ["redis-server", "valkey-server"],
    variable: "REDIS_SERVER_PATH",
    debianPackage: "redis-server",
    need: "these tests need Redis",
  });
}
