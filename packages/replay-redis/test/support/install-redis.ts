import { findOrInstall, REDIS } from "../../../../test-support/find-program.ts";

/** Before any test: Redis is installed where that is possible, once and not by every test file. */
export async function setup(): Promise<void> {
  await findOrInstall(REDIS);
}
