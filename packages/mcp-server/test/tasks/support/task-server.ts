import type { Verifier } from "@attest/core";
import {
  type AttestingServer,
  bindTasks,
  type CreateAttestingServerOptions,
  createAttestingServer,
} from "@attest/mcp-server";
import type { TaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import { InMemoryTaskMessageQueue } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";

export const KEY: Uint8Array = new Uint8Array(32).fill(7);

/** A server whose tool `report` works until the test says what comes of it. */
export function createTaskServer(
  verifier: Verifier,
  store: TaskStore,
  options: CreateAttestingServerOptions = {},
): AttestingServer & { readonly finish: (taskId: string, text: string) => Promise<void> } {
  const taskStore = bindTasks(store, { key: KEY });
  const capabilities = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
  const server = createAttestingServer("tasks", verifier, {
    ...options,
    serverOptions: { capabilities, taskStore, taskMessageQueue: new InMemoryTaskMessageQueue() },
  });
  server.experimental.tasks.registerToolTask(
    "report",
    { execution: { taskSupport: "required" } },
    {
      createTask: async ({ taskStore: own }) => ({ task: await own.createTask({ ttl: 60_000 }) }),
      getTask: ({ taskId, taskStore: own }) => own.getTask(taskId),
      getTaskResult: async () => ({ content: [] }),
    },
  );
  const finish = (taskId: string, text: string) =>
    taskStore.storeTaskResult(taskId, "completed", { content: [{ type: "text", text }] });
  return Object.assign(server, { finish });
}
