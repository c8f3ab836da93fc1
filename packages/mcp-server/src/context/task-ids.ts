import { createHmac, timingSafeEqual } from "node:crypto";

/** Content of a task's id: the id under which the store has the task, and the tag of the agent that owns it. */
export interface OwnedTask {
  readonly storedId: string;
  readonly owner: string;
}

/** Characters of a tag: 128 bits in base64url. */
const TAG_LENGTH = 22;

/**
 * Ids of tasks that say whose they are: `<the store's id>.<tag of the agent>.<seal>`. Tag and seal are HMAC-SHA-256, so
 * that every process with the key reads them, and nobody without it can make them.
 */
export class TaskIds {
  readonly #key: Uint8Array;

  /** @param key a secret of at least 32 bytes */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Returns the tag of the agent that `agentKeyOf` calls `agentKey`. */
  ownerTag(agentKey: string): string {
    return this.#mac("agent", agentKey);
  }

  /** Returns the id by which clients know the task. */
  seal({ storedId, owner }: OwnedTask): string {
    return `${storedId}.${owner}.${this.#mac("task", storedId, owner)}`;
  }

  /** Returns what `taskId` says; `undefined` when it was not sealed with this key. */
  open(taskId: string): OwnedTask | undefined {
    const sealAt = taskId.length - TAG_LENGTH;
    const ownerAt = sealAt - 1 - TAG_LENGTH;
    if (ownerAt < 2 || taskId[sealAt - 1] !== "." || taskId[ownerAt - 1] !== ".") return undefined;
    const owned = { storedId: taskId.slice(0, ownerAt - 1), owner: taskId.slice(ownerAt, sealAt - 1) };
    const expected = Buffer.from(this.#mac("task", owned.storedId, owned.owner));
    const given = Buffer.from(taskId.slice(sealAt));
    return expected.length === given.length && timingSafeEqual(expected, given) ? owned : undefined;
  }

  #mac(...parts: readonly string[]): string {
    const hmac = createHmac("sha256", this.#key).update(JSON.stringify(["attestation-task", ...parts]));
    return hmac.digest("base64url").slice(0, TAG_LENGTH);
  }
}
