import { AttestationErrorCode } from "@attest/core";
import { printable } from "@attest/core/internal";
import type {
  CreateTaskOptions,
  TaskStore,
} from "@modelcontextprotocol/sdk/experimental/tasks/interfaces.js";
import type { Request, RequestId, Result, Task } from "@modelcontextprotocol/sdk/types.js";
import { agentKeyOf } from "../context/agent-key.js";
import { callOfExtra } from "../context/call-of-extra.js";
import { actingCall, type CurrentCall, currentCall } from "../context/current-call.js";
import type { OwnedTask, TaskIds } from "../context/task-ids.js";
import { AttestationDeniedError } from "../guard/attestation-denied-error.js";
import { findDenial } from "../guard/find-denial.js";
import type { CompiledRequirement } from "../guard/requirement.js";

/** A task store in which each task is its agent's. `bindTasks` says what holds. */
export class BoundTasks implements TaskStore {
  readonly #store: TaskStore;
  readonly #ids: TaskIds;
  /** No agent's tag: what the store shows for it, it shows to everybody. */
  readonly #nobody: string;
  #isApart = false;

  constructor(store: TaskStore, ids: TaskIds) {
    this.#store = store;
    this.#ids = ids;
    this.#nobody = ids.ownerTag("nobody");
  }

  /** @throws {AttestationDeniedError} 1009 or 1001 when nobody vouches for who makes the task. */
  async createTask(params: CreateTaskOptions, requestId: RequestId, request: Request): Promise<Task> {
    const call = callOfExtra(request.params) ?? currentCall();
    if (call === undefined) {
      const detail = "a task was made in no request that came through an attestation gate";
      throw new AttestationDeniedError(AttestationErrorCode.ATTESTATION_REQUIRED, detail, undefined);
    }
    const owner = await this.#callerTag(call);
    const task = await this.#store.createTask(params, requestId, request, owner);
    await this.#assertApart(task.taskId);
    return this.#sealed(task, owner);
  }

  async getTask(taskId: string): Promise<Task | null> {
    const owned = await this.#open(taskId);
    if (owned === undefined) return null;
    const task = await this.#store.getTask(owned.storedId, owned.owner);
    return task ? this.#sealed(task, owned.owner) : null;
  }

  /** No client's request leads here: it is the server that has a result. */
  async storeTaskResult(taskId: string, status: "completed" | "failed", result: Result): Promise<void> {
    const { storedId, owner } = known(taskId, this.#ids.open(taskId));
    await this.#store.storeTaskResult(storedId, status, result, owner);
  }

  async getTaskResult(taskId: string): Promise<Result> {
    const { storedId, owner } = known(taskId, await this.#open(taskId));
    return this.#store.getTaskResult(storedId, owner);
  }

  async updateTaskStatus(taskId: string, status: Task["status"], statusMessage?: string): Promise<void> {
    const { storedId, owner } = known(taskId, await this.#open(taskId));
    await this.#store.updateTaskStatus(storedId, status, statusMessage, owner);
  }

  /** @throws {AttestationDeniedError} outside of requests too: nobody says whose tasks are meant. */
  async listTasks(cursor?: string): Promise<{ tasks: Task[]; nextCursor?: string }> {
    const owner = await this.#callerTag(currentCall());
    const { tasks, ...page } = await this.#store.listTasks(cursor, owner);
    // Tasks that were made before the store was bound are everybody's, and sealing them would give them to the caller.
    const isOwn = await Promise.all(tasks.map(async ({ taskId }) => !(await this.#isEverybodys(taskId))));
    const own = tasks.filter((_, index) => isOwn[index]);
    return { ...page, tasks: own.map((task) => this.#sealed(task, owner)) };
  }

  /** Returns what `taskId` says, once the caller may use it; `undefined` for an id that was not made here. */
  async #open(taskId: string): Promise<OwnedTask | undefined> {
    const owned = this.#ids.open(taskId);
    // A request can be given up before its handler has begun, which would then pass for the server's own code.
    const call = actingCall();
    if (call === undefined) return owned;
    const isOwners: CompiledRequirement = async (agent) =>
      owned === undefined || this.#ids.ownerTag(agentKeyOf(agent)) === owned.owner
        ? undefined
        : "the task is another agent's";
    await assertMet(call, isOwners);
    return owned;
  }

  async #callerTag(call: CurrentCall | undefined): Promise<string> {
    let tag = this.#nobody;
    await assertMet(call, async (agent) => {
      tag = this.#ids.ownerTag(agentKeyOf(agent));
      return undefined;
    });
    return tag;
  }

  /** @throws {TypeError} when the store shows a session's task to another session. */
  async #assertApart(storedId: string): Promise<void> {
    if (this.#isApart) return;
    if (await this.#isEverybodys(storedId)) {
      const fault = "the task store that was bound does not keep the tasks of different session ids apart";
      // The SDK answers with an error of its own, and says this one to nobody.
      process.emitWarning(fault, { code: "ATTEST_TASKS_SHARED" });
      throw new TypeError(fault);
    }
    this.#isApart = true;
  }

  async #isEverybodys(storedId: string): Promise<boolean> {
    return Boolean(await this.#store.getTask(storedId, this.#nobody));
  }

  #sealed(task: Task, owner: string): Task {
    return { ...task, taskId: this.#ids.seal({ storedId: task.taskId, owner }) };
  }
}

async function assertMet(call: CurrentCall | undefined, requirement: CompiledRequirement): Promise<void> {
  const denial = await findDenial(call, [requirement]);
  if (denial === undefined) return;
  call?.noteDenial(denial);
  throw denial;
}

function known(taskId: string, owned: OwnedTask | undefined): OwnedTask {
  if (owned === undefined) throw new Error(`Task with ID ${printable(taskId)} not found`);
  return owned;
}
