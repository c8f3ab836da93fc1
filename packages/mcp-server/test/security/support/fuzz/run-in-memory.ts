import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { VerificationPolicy } from "@attest/core";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { AnswerRecord } from "./answer-record.ts";
import { CONNECTIONS, type Step } from "./steps.ts";
import { type Session, World } from "./world.ts";

export interface RunOptions {
  readonly policy: VerificationPolicy;
  /**
   * Whether to send what no JSON-RPC message is, too. Transports that read a wire drop it; the one in memory hands it
   * over. Default false.
   */
  readonly hasJunk?: boolean;
}

/** A connection in memory: whatever is sent goes to the gate as it is, and all that comes back is judged. */
class Connection {
  readonly #world: World;
  readonly #options: RunOptions;
  readonly #session: Session;
  readonly #book: AnswerRecord;
  readonly #serverSide: InMemoryTransport;
  #isClosed = false;

  constructor(world: World, options: RunOptions) {
    this.#world = world;
    this.#options = options;
    this.#session = world.createSession();
    this.#book = new AnswerRecord(world.violations);
    const [client, serverSide] = InMemoryTransport.createLinkedPair();
    this.#serverSide = serverSide;
    client.onmessage = (message) => {
      this.#book.answered(message);
      const isUnverified = options.policy === "required" && this.#session.accepted.size === 0;
      if (isUnverified) this.#book.assertUnrevealing(message);
    };
    client.onclose = () => {
      this.#isClosed = true;
    };
  }

  async open(): Promise<void> {
    await this.#session.server.connect(this.#serverSide);
  }

  send(message: unknown): void {
    if (!this.#options.hasJunk && !JSONRPCMessageSchema.safeParse(message).success) return;
    this.#book.asked(message, this.#world.tokens.isHopeless(message));
    try {
      // Past the client's end, which would say no once the connection is closed.
      this.#serverSide.onmessage?.(message as JSONRPCMessage, {});
    } catch (error) {
      this.#world.violations.push(`the gate throws for ${JSON.stringify(message)}: ${String(error)}`);
    }
  }

  async speak(how: "log" | "list changed" | "ping"): Promise<void> {
    const { server } = this.#session;
    // A message that nobody may hear fails or is dropped. Nobody answers the server's ping.
    if (how === "log") await server.sendLoggingMessage({ level: "error", data: "x" }).catch(() => undefined);
    else if (how === "ping") void server.server.ping().catch(() => undefined);
    else server.sendToolListChanged();
  }

  close(): Promise<void> {
    return this.#serverSide.close();
  }

  judge(): void {
    this.#book.judge();
    // A message after junk may wait for the junk, which the server threw away.
    if (!this.#isClosed && !this.#options.hasJunk) this.#book.assertComplete();
  }
}

const turn = async () => {
  await turnOfTheLoop();
  await turnOfTheLoop();
};

/** Plays `steps` in memory, and says what should not have happened. */
export async function runInMemory(options: RunOptions, steps: readonly Step[]): Promise<readonly string[]> {
  const world = new World(options.policy);
  const connections = Array.from({ length: CONNECTIONS }, () => new Connection(world, options));
  for (const connection of connections) await connection.open();
  const at = (index: number) => connections[index] as Connection;
  for (const step of steps) {
    if (step.kind === "send") {
      const messages = await Promise.all([step.drafts].flat().map((draft) => world.tokens.compose(draft)));
      at(step.to).send(structuredClone(Array.isArray(step.drafts) ? messages : messages[0]));
    } else if (step.kind === "settle") world.settle(step.which);
    else if (step.kind === "turn") await turn();
    else if (step.kind === "speak") await at(step.to).speak(step.how);
    else if (step.kind === "later") world.advance(step.seconds);
    else await at(step.to).close();
  }
  do await turn();
  while (world.settle());
  for (const connection of connections) connection.judge();
  for (const connection of connections) await connection.close();
  await turn();
  return world.violations;
}
