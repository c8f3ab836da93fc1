/*
 * `pnpm --filter @attest/mcp-server bench:http`: what a server uses of the CPU over HTTP, beside the SDK's own host without
 * a gate. Each server has a process of its own and tells its CPU time; rounds are interleaved, and the 20th percentile of
 * them counts. Compare within one run: absolute times drift.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { AUDIENCE, freshToken, ISSUER, keyPair } from "./tokens.ts";

const ROUNDS = Number(process.argv[2] ?? 60);
const WARM_UP = 10;
const OPERATIONS = 50;

const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

const SUBJECTS = {
  sdk: "SDK's host, no gate",
  "sdk-verifying-twice": "the same + 2 raw crypto.verify",
  "sdk-gated": "SDK's host + gate",
  sessions: "HttpSessions",
} as const;

interface Used {
  readonly microseconds: number;
  readonly writes: number;
}

/** One server, as its clients have it. */
class Subject {
  readonly samples = { initialize: [] as Used[], call: [] as Used[] };
  readonly name: string;
  readonly #child: ReturnType<typeof fork>;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #port = 0;
  #session: Readonly<Record<string, string>> = {};
  #id = 10;

  constructor(kind: keyof typeof SUBJECTS) {
    this.name = SUBJECTS[kind];
    const jwk = JSON.stringify(keyPair.publicKey.toJwk());
    const program = fileURLToPath(new URL("http-server.ts", import.meta.url));
    this.#child = fork(program, [kind, jwk, ISSUER, AUDIENCE]);
  }

  async start(): Promise<void> {
    const [{ port }] = await once(this.#child, "message");
    this.#port = port;
    this.#session = await this.#begin(await freshToken());
  }

  stop(): void {
    this.#agent.destroy();
    this.#child.disconnect();
  }

  async measure(what: "initialize" | "call", isCounted: boolean): Promise<void> {
    // Out of JSON, as in life: a token that was just put together is no flat string yet.
    const tokens: string[] = [];
    for (let made = 0; made < OPERATIONS; made++) tokens.push(JSON.parse(JSON.stringify(await freshToken())));
    // A connection of its own, opened before: the last one may have idled for too long.
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await this.#call();
    const before = await this.#used();
    for (const token of tokens) await (what === "call" ? this.#call() : this.#connect(token));
    const after = await this.#used();
    const used = {
      microseconds: (after.microseconds - before.microseconds) / OPERATIONS,
      writes: (after.writes - before.writes) / OPERATIONS,
    };
    if (isCounted) this.samples[what].push(used);
  }

  /** `initialize`, `notifications/initialized` and the session's end. */
  async #connect(token: string): Promise<void> {
    const session = await this.#begin(token);
    await this.#send("POST", { jsonrpc: "2.0", method: "notifications/initialized" }, session);
    await this.#send("DELETE", undefined, session);
  }

  async #begin(token: string): Promise<Readonly<Record<string, string>>> {
    const experimental = { "security.attestation": { version: "0.1.0", token } };
    const params = {
      protocolVersion: "2025-11-25",
      clientInfo: { name: "bench", version: "1.0.0" },
      capabilities: { experimental },
    };
    const { headers } = await this.#send("POST", { jsonrpc: "2.0", id: 1, method: "initialize", params });
    const id = headers["mcp-session-id"];
    if (typeof id !== "string") throw new Error(`${this.name}: no session`);
    return { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
  }

  async #call(): Promise<void> {
    this.#id += 1;
    const params = { name: "forecast", arguments: { city: "Oslo" } };
    const message = { jsonrpc: "2.0", id: this.#id, method: "tools/call", params };
    const { body } = await this.#send("POST", message, this.#session);
    if (!body.includes("sun")) throw new Error(`${this.name}: the benchmark's own call was refused`);
  }

  #send(method: string, message?: object, session: Readonly<Record<string, string>> = {}) {
    type Answer = { headers: Readonly<Record<string, unknown>>; body: string };
    return new Promise<Answer>((resolve, reject) => {
      const body = message === undefined ? "" : JSON.stringify(message);
      const length = { "content-length": Buffer.byteLength(body) };
      const headers = { ...HEADERS, ...session, ...(message === undefined ? {} : length) };
      const options = {
        host: "127.0.0.1",
        port: this.#port,
        path: "/mcp",
        method,
        headers,
        agent: this.#agent,
      };
      const request = httpRequest(options, (response) => {
        text(response).then((answer) => resolve({ headers: response.headers, body: answer }), reject);
      });
      request.once("error", reject).end(body);
    });
  }

  async #used(): Promise<Used> {
    const told = once(this.#child, "message");
    this.#child.send("used");
    const [used] = await told;
    return used;
  }
}

const percentile20 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 5)] ?? Number.NaN;

const subjects = (Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[]).map((kind) => new Subject(kind));
for (const subject of subjects) await subject.start();
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const what of ["initialize", "call"] as const) {
    // In turn from the front and from the back, so that nobody always comes after the same one.
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) await subject.measure(what, round >= 0);
  }
}
console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}; ${ROUNDS} rounds of ${OPERATIONS}, 20th percentile of the server's CPU`,
);
const [base] = subjects;
for (const what of ["initialize", "call"] as const) {
  console.log(
    what === "call" ? "\ncall of a guarded tool" : "\ninitialize, initialized and end of a session",
  );
  const of = (subject: Subject | undefined) =>
    percentile20((subject?.samples[what] ?? []).map(({ microseconds }) => microseconds));
  for (const subject of subjects) {
    const added = of(subject) - of(base);
    const writes = percentile20(subject.samples[what].map(({ writes }) => writes));
    console.log(
      `  ${subject.name.padEnd(34)}${of(subject).toFixed(0).padStart(6)} µs ${`${added < 0 ? "" : "+"}${added.toFixed(0)}`.padStart(7)} µs ${writes.toFixed(1).padStart(6)} writes`,
    );
  }
}
for (const subject of subjects) subject.stop();
