import { bytesOf, kindOf, type Option, type OptionsSpec, readOptions } from "@attest/core/internal";
import type { TaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import { TaskIds } from "../context/task-ids.js";
import { BoundTasks } from "./bound-tasks.js";

export interface BindTasksOptions {
  /** A secret of at least 32 random bytes. Processes that share the store share the key. */
  readonly key: Uint8Array;
}

const MIN_KEY_BYTES = 32;
const METHODS = [
  "createTask",
  "getTask",
  "storeTaskResult",
  "getTaskResult",
  "updateTaskStatus",
  "listTasks",
] as const satisfies readonly (keyof TaskStore)[];

const secret: Option<Uint8Array> = (value, name) => {
  const bytes = bytesOf(value);
  if (bytes === undefined) throw new TypeError(`${name} must be a Uint8Array, got ${kindOf(value)}`);
  if (bytes.length >= MIN_KEY_BYTES) return Uint8Array.from(bytes);
  throw new RangeError(`${name} must be at least ${MIN_KEY_BYTES} bytes, got ${bytes.length}`);
};

const OPTIONS = { key: secret } satisfies OptionsSpec<BindTasksOptions>;

/**
 * Returns a task store for the SDK's `taskStore` option that keeps tasks in `store`, each for the agent that made it: the
 * same issuer, subject and, for bound tokens, key. Another agent's task is refused, 1013, and is in no list. An agent finds
 * its tasks again in its next session, after a restart, and in every process with the same store and key, because an HMAC of
 * the agent stands in the task's id.
 *
 * Requests need an agent that is attested (1009) and not expired (1001), whatever the rules say, and only such an agent can
 * make a task. That holds for requests that were cancelled, too. Code outside of requests is the server's own, and may use
 * every task whose id it has.
 *
 * `store` is given the agent's HMAC in the place of a session id. It has to keep tasks of different session ids apart, as
 * the SDK asks of stores.
 *
 * @throws {TypeError | RangeError} when `store` is no task store, or `key` is missing or shorter than 32 bytes.
 */
export function bindTasks(store: TaskStore, options: BindTasksOptions): TaskStore {
  if (METHODS.some((method) => typeof store?.[method] !== "function")) {
    throw new TypeError(`store must be a TaskStore of the MCP SDK, got ${kindOf(store)}`);
  }
  if (store instanceof BoundTasks) throw new TypeError("store is bound already");
  const { key } = readOptions<BindTasksOptions>("bindTasks", options, OPTIONS);
  return new BoundTasks(store, new TaskIds(key));
}
