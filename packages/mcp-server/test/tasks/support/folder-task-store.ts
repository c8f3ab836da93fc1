import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import type { Result, Task } from "@modelcontextprotocol/sdk/types.js";

interface Stored {
  readonly task: Task;
  readonly sessionId: string | undefined;
  readonly result?: Result;
}

/** Tasks in the files of a folder, which processes share. It keeps sessions apart, as the SDK asks of stores. */
export class FolderTaskStore implements TaskStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async createTask(params: { ttl?: number | null }, _id: unknown, _request: unknown, sessionId?: string) {
    const at = new Date().toISOString();
    const task: Task = {
      taskId: randomUUID(),
      status: "working",
      ttl: params.ttl ?? null,
      createdAt: at,
      lastUpdatedAt: at,
      pollInterval: 20,
    };
    this.#write({ task, sessionId });
    return task;
  }

  async getTask(taskId: string, sessionId?: string) {
    return this.#read(taskId, sessionId)?.task ?? null;
  }

  async storeTaskResult(taskId: string, status: Task["status"], result: Result, sessionId?: string) {
    const stored = this.#find(taskId, sessionId);
    this.#write({ ...stored, task: { ...stored.task, status }, result });
  }

  async getTaskResult(taskId: string, sessionId?: string): Promise<Result> {
    const { result } = this.#find(taskId, sessionId);
    if (result === undefined) throw new Error("no result yet");
    return result;
  }

  async updateTaskStatus(taskId: string, status: Task["status"], _message?: string, sessionId?: string) {
    const stored = this.#find(taskId, sessionId);
    this.#write({ ...stored, task: { ...stored.task, status } });
  }

  async listTasks(_cursor?: string, sessionId?: string) {
    const ids = readdirSync(this.#folder);
    return { tasks: ids.flatMap((id) => this.#read(id, sessionId)?.task ?? []) };
  }

  #find(taskId: string, sessionId: string | undefined): Stored {
    const stored = this.#read(taskId, sessionId);
    if (stored === undefined) throw new Error("no such task");
    return stored;
  }

  #read(taskId: string, sessionId: string | undefined): Stored | undefined {
    const path = join(this.#folder, taskId);
    if (!/^[0-9a-f-]+$/.test(taskId) || !existsSync(path)) return undefined;
    const stored: Stored = JSON.parse(readFileSync(path, "utf8"));
    return stored.sessionId === sessionId ? stored : undefined;
  }

  #write(stored: Stored): void {
    writeFileSync(join(this.#folder, stored.task.taskId), JSON.stringify(stored));
  }
}
