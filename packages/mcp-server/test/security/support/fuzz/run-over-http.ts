import { AsyncLocalStorage } from "node:async_hooks";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { setTimeout as sleep } from "node:timers/promises";
import type { VerificationPolicy } from "@attest/core";
import { HttpSessions } from "@attest/mcp-server/http";
import { headersFor, messagesInLine, serve } from "../http-endpoint.ts";
import { AnswerRecord } from "./answer-record.ts";
import { CONNECTIONS, type Step } from "./steps.ts";
import { type Session, World } from "./world.ts";

/** How long nothing happens before a run is over. Requests of one id get in each other's way: not all are answered. */
const QUIET_MILLISECONDS = 20;

/** One session as its client has it. */
interface Known {
  readonly session: Session;
  readonly book: AnswerRecord;
}

/** `HttpSessions` under a fuzzer: raw requests, whose every answer is judged. */
class Endpoint {
  readonly #world: World;
  readonly #policy: VerificationPolicy;
  readonly #known = new Map<string, Known>();
  readonly #over = new AbortController();
  readonly #bodies: Promise<void>[] = [];
  readonly #sessions: HttpSessions;
  /** Tokens accepted so far for the request's session, or for the session that it begins. */
  readonly #accepted = new AsyncLocalStorage<Session["accepted"]>();
  readonly #begun = new WeakSet<Session["accepted"]>();
  #newest: Session | undefined;
  #url: URL | undefined;
  #close = async (): Promise<void> => undefined;

  constructor(world: World, policy: VerificationPolicy) {
    this.#world = world;
    this.#policy = policy;
    const accepted = (): Session["accepted"] => this.#accepted.getStore() ?? new Map();
    const verifier = world.verifierFor(accepted, () => this.#begun.has(accepted()));
    this.#sessions = new HttpSessions({
      verifier,
      createServer: () => {
        this.#newest = world.createSession({ verifier, accepted: accepted() });
        this.#begun.add(accepted());
        return this.#newest.server;
      },
      onerror: (error) => {
        // The fuzzer has the verifier break now and then.
        if (String(error) === "Error: the verifier failed") return;
        world.violations.push(`the endpoint failed: ${String(error)}`);
      },
    });
  }

  async open(): Promise<void> {
    const { url, close } = await serve(this.#sessions, ({ headers }, run) => {
      const known = this.#known.get(String(headers["mcp-session-id"]));
      return this.#accepted.run(known?.session.accepted ?? new Map(), run);
    });
    this.#url = url;
    this.#close = close;
  }

  /** Sends a request and waits for the head of its answer; returns the id of the session that it opened, if any. */
  async exchange(method: string, body: unknown, sessionId?: string): Promise<string | undefined> {
    this.#newest = undefined;
    const response = await fetch(this.#url as URL, {
      method,
      headers: headersFor(sessionId),
      ...(method === "POST" ? { body: JSON.stringify(body) ?? "" } : {}),
      signal: this.#over.signal,
    });
    const { violations } = this.#world;
    if (response.status >= 500) violations.push(`${response.status} for ${JSON.stringify(body)}`);
    const openedId =
      sessionId === undefined ? (response.headers.get("mcp-session-id") ?? undefined) : undefined;
    if (openedId !== undefined && this.#newest !== undefined) {
      this.#known.set(openedId, { session: this.#newest, book: new AnswerRecord(violations) });
      // Messages that the server sends of its own accord come here.
      await this.exchange("GET", undefined, openedId);
    }
    const known = this.#known.get(sessionId ?? openedId ?? "");
    for (const message of [body].flat()) {
      known?.book.asked(message, this.#world.tokens.isHopeless(message));
    }
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    const reading = isStream && known ? this.#hear(response, known) : response.text().then(() => undefined);
    this.#bodies.push(reading.catch(() => undefined));
    return openedId;
  }

  speak(sessionId: string | undefined): void {
    this.#known.get(sessionId ?? "")?.session.server.sendToolListChanged();
  }

  /** Waits until nothing more happens, and ends. */
  async end(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_MILLISECONDS; quiet++) {
      if (this.#world.settle()) quiet = 0;
      await sleep(1);
    }
    await this.#sessions.close();
    this.#over.abort();
    await Promise.all(this.#bodies);
    await this.#close();
    for (const { book } of this.#known.values()) book.judge();
  }

  async #hear(response: Response, { session, book }: Known): Promise<void> {
    const body = Readable.fromWeb(response.body as ReadableStream);
    for await (const line of createInterface(body)) {
      for (const message of messagesInLine(line)) {
        book.answered(message);
        if (this.#policy === "required" && session.accepted.size === 0) book.assertUnrevealing(message);
      }
    }
  }
}

/** Plays `steps` against `HttpSessions` over real HTTP, and says what should not have happened. */
export async function runOverHttp(
  { policy }: { readonly policy: VerificationPolicy },
  steps: readonly Step[],
): Promise<readonly string[]> {
  const world = new World(policy);
  const endpoint = new Endpoint(world, policy);
  await endpoint.open();
  const ids: (string | undefined)[] = [];
  for (const step of steps) {
    if (step.kind === "send") {
      const messages = await Promise.all([step.drafts].flat().map((draft) => world.tokens.compose(draft)));
      const senders = { itself: ids[step.to], another: ids[(step.to + 1) % CONNECTIONS], nobody: undefined };
      const body = Array.isArray(step.drafts) ? messages : messages[0];
      ids[step.to] = (await endpoint.exchange("POST", body, senders[step.as])) ?? ids[step.to];
    } else if (step.kind === "settle") world.settle(step.which);
    else if (step.kind === "turn") await sleep(1);
    else if (step.kind === "later") world.advance(step.seconds);
    else if (step.kind === "close") await endpoint.exchange("DELETE", undefined, ids[step.to]);
    else endpoint.speak(ids[step.to]);
  }
  await endpoint.end();
  return world.violations;
}
