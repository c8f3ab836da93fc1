import { isJSONRPCRequest } from "@modelcontextprotocol/sdk/types.js";

/** Record of one session's requests and answers. It notes every answer that breaks a rule. */
export class AnswerRecord {
  readonly #violations: string[];
  readonly #asked = new Map<unknown, number>();
  readonly #answered = new Map<unknown, number>();
  readonly #proper = new Set<unknown>();
  readonly #cancelled = new Set<unknown>();

  readonly #hopeless = new Set<unknown>();

  constructor(violations: string[]) {
    this.#violations = violations;
  }

  /** Notes a request. One that `isHopeless` came with a token that cannot be good, so it must not be done. */
  asked(message: unknown, isHopeless: boolean): void {
    const { id, method, params } = Object(message) as Readonly<Record<string, unknown>>;
    if (method === "notifications/cancelled") {
      this.#cancelled.add((Object(params) as Readonly<Record<string, unknown>>)["requestId"]);
    }
    if (id === undefined || method === undefined) return;
    this.#asked.set(id, (this.#asked.get(id) ?? 0) + 1);
    // The gate answers pings that come early, whatever they carry.
    if (isHopeless && method !== "ping") this.#hopeless.add(id);
    if (isJSONRPCRequest(message)) this.#proper.add(id);
  }

  answered(message: object): void {
    if ("method" in message || !("id" in message)) return;
    this.#answered.set(message.id, (this.#answered.get(message.id) ?? 0) + 1);
    if ("result" in message && this.#hopeless.has(message.id) && this.#asked.get(message.id) === 1) {
      this.#violations.push(`done in spite of its token: the request ${String(message.id)}`);
    }
  }

  /** Notes a violation when `message` reveals more of the server than a refusal. */
  assertUnrevealing(message: object): void {
    const isPong = "result" in message && Object.keys(message.result as object).length === 0;
    if (!("error" in message) && !isPong) {
      this.#violations.push(`heard of an unverified session's server: ${JSON.stringify(message)}`);
    }
  }

  /** Notes a violation for each id that has more answers than requests. */
  judge(): void {
    for (const [id, answers] of this.#answered) {
      const requests = this.#asked.get(id) ?? 0;
      if (answers > requests)
        this.#violations.push(`${answers} answers to ${requests} requests of id ${String(id)}`);
    }
  }

  /** Notes a violation for each request without an answer, unless it was cancelled or shares its id. */
  assertComplete(): void {
    for (const id of this.#proper) {
      const isDue = this.#asked.get(id) === 1 && !this.#cancelled.has(id);
      if (isDue && !this.#answered.has(id)) this.#violations.push(`no answer to the request ${String(id)}`);
    }
  }
}
