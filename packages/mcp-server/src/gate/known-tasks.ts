import { membersOf } from "@attest/core/internal";
import { isResult, type Message, type RequestMessage } from "@attest/core/wire";

/** Tasks of one session that are remembered; of older ones the tool is not known. */
const MAX_TASKS = 1024;

/** The tools that made the tasks of one session, which were seen in the answers to their calls. */
export class KnownTasks {
  readonly #tools = new Map<string, string>();

  /** Notes the task that `answer` tells of, when `request` is the call of a tool. */
  note(request: RequestMessage, answer: Message): void {
    if (request.method !== "tools/call" || !isResult(answer)) return;
    const { taskId } = membersOf(answer.result["task"]);
    const { name } = membersOf(request.params);
    if (typeof taskId !== "string" || typeof name !== "string") return;
    // The first to name a task made it: a tool that merely tells of one does not change its rule.
    if (this.#tools.has(taskId)) return;
    const [oldest] = this.#tools.keys();
    if (this.#tools.size >= MAX_TASKS && oldest !== undefined) this.#tools.delete(oldest);
    this.#tools.set(taskId, name);
  }

  /** Returns the tool that made the task which `request` is about; `undefined` where that is not known. */
  toolOf({ method, params }: RequestMessage): string | undefined {
    const { taskId } = membersOf(params);
    return method.startsWith("tasks/") && typeof taskId === "string" ? this.#tools.get(taskId) : undefined;
  }
}
