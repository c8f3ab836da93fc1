import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { AgentIdentity } from "@attest/core";
import { expect, onTestFinished, test } from "vitest";
import { call, HEADERS, initialize } from "../http/support/sessions.ts";
import { Issuer } from "../support/agents.ts";
import { flood, holdHalfSent, rawPost } from "./support/raw-requests.ts";
import { startServer } from "./support/start-http-server.ts";

const MB = 1_000_000;
const HALF_SENT = 300;
const BARE = 5_000;
const CALLS = 1_000;

/** The slowest call that is let pass: the machine that tests run on is shared. */
const SLOWEST_MILLISECONDS = 5_000;

const agent = (name: string) =>
  new AgentIdentity({ modelFamily: "claude-4", modelVersion: name, provider: "anthropic" });

test(`under attack, an honest agent makes ${CALLS} calls, others come, and memory stays flat`, {
  timeout: 120_000,
}, async () => {
  const issuer = new Issuer();
  const limits = {
    sessions: 100,
    sessionsPerAgent: 10,
    strangerSessions: 10,
    bodyBytes: 65_536,
    bytesInFlight: MB,
    unsentBytes: 16 * MB,
  };
  const { url, usage } = await startServer(issuer, { policy: "optional", limits });
  const connections = new Agent({ keepAlive: true });
  onTestFinished(() => connections.destroy());

  const send = (body: unknown, headers: Record<string, string> = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpRequest(url, {
        method: "POST",
        agent: connections,
        headers: { ...HEADERS, ...headers },
      });
      request.once("response", resolve).once("error", reject).end(JSON.stringify(body));
    });
  const begin = async (name: string) => {
    const begun = await send(initialize(await issuer.token({ identity: agent(name) })));
    await text(begun);
    return {
      status: begun.statusCode,
      headers: { "mcp-session-id": String(begun.headers["mcp-session-id"]) },
    };
  };
  const sky = { ...call, params: { name: "sky" } };
  const callSky = async (headers: Record<string, string>) => {
    const start = performance.now();
    const answer = await send(sky, headers);
    const isRight = (await text(answer)).includes("blue");
    return { isRight, milliseconds: performance.now() - start };
  };

  const honest = await begin("honest");
  for (let warm = 0; warm < 50; warm++) await callSky(honest.headers);
  const before = await usage();

  // Bodies that never end, more than there are bytes for, and begun anew when they are given up.
  const half = rawPost(url, `{"padding":"${"p".repeat(5_000)}`, { "content-length": "60000" });
  for (let count = 0; count < HALF_SENT; count++) holdHalfSent(url, half);
  // Sessions of nobody.
  const request = rawPost(url, JSON.stringify(initialize()));
  const strangers = flood(url, { times: BARE, atOnce: 20, request });
  // All the sessions that one agent can get, and in one of them all the calls.
  const greedy = (async () => {
    const sessions = [];
    for (let count = 0; count < 150; count++) sessions.push(await begin("greedy"));
    const hang = (id: number) => ({ ...call, id, params: { name: "hang" } });
    const { headers } = sessions.findLast(({ status }) => status === 200) ?? honest;
    for (let id = 10; id < 300; id++) void send(hang(id), headers).catch(() => undefined);
    return sessions.map(({ status }) => status);
  })();
  // Answers that nobody reads.
  const unread = (async () => {
    const { headers } = await begin("unreading");
    for (let id = 10; id < 22; id++) {
      const fill = { ...call, id, params: { name: "fill", arguments: { bytes: 12 * MB } } };
      void send(fill, headers).then(
        (response) => response.on("error", () => undefined),
        () => undefined,
      );
    }
    return headers;
  })();

  const newcomers: (number | undefined)[] = [];
  let slowest = 0;
  let wrong = 0;
  for (let made = 0; made < CALLS; made++) {
    const { isRight, milliseconds } = await callSky(honest.headers);
    slowest = Math.max(slowest, milliseconds);
    if (!isRight) wrong += 1;
    if (made % 100 === 50) newcomers.push((await begin(`newcomer-${made}`)).status);
  }
  const statuses = await strangers;
  const greedyStatuses = await greedy;
  newcomers.push((await begin("last")).status);
  await expect.poll(async () => (await send(sky, await unread)).statusCode, { timeout: 10_000 }).toBe(404);
  // The operating system takes a moment to drop the answers that it was given and that nobody read.
  let after = await usage();
  for (let round = 0; after.bytes - before.bytes > 20 * MB && round < 50; round++) {
    await sleep(100);
    after = await usage();
  }

  process.stdout.write(
    `under attack: slowest of ${CALLS} calls ${slowest.toFixed(0)} ms; ${wrong} wrong; ${newcomers.length} newcomers: ${newcomers.join(" ")}; ` +
      `strangers: ${JSON.stringify(statuses)}; greedy agent: ${greedyStatuses.filter((status) => status === 200).length} of ${greedyStatuses.length} sessions; ` +
      `memory ${(before.bytes / MB).toFixed(0)} → ${(after.bytes / MB).toFixed(0)} MB; ${after.sessions} sessions\n`,
  );
  expect(wrong).toBe(0);
  expect(slowest).toBeLessThan(SLOWEST_MILLISECONDS);
  expect(new Set(newcomers)).toEqual(new Set([200]));
  expect(statuses["503"]).toBeGreaterThan(BARE / 2);
  expect(after.sessions).toBeLessThanOrEqual(limits.sessions);
  expect(after.errors).toEqual([expect.stringContaining("limits.unsentBytes")]);
  expect(after.bytes - before.bytes).toBeLessThan(40 * MB);
});
