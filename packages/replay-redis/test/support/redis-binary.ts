import { findProgram, REDIS } from "../../../../test-support/find-program.ts";

/** The path of a Redis or Valkey server, which is installed first where that is possible. */
export function findRedis(): Promise<string> {
  return findProgram(REDIS);
}
