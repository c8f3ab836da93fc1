import type { HttpSessions } from "@attest/mcp-server/http";
import { describe, expect, test } from "vitest";
import { Issuer, opus, sonnet } from "../support/agents.ts";
import {
  call,
  createHangingServer,
  halfSent,
  initialize,
  open,
  post,
  sessionsFor,
} from "./support/sessions.ts";

const say = async (sessions: HttpSessions, id: string) =>
  sessions.handle(post(call, { "mcp-session-id": id }));

/** The open sessions, by their order among those that were opened since `first`: numbers are the process's own. */
const ordinalsOf = (sessions: HttpSessions, first: number) =>
  sessions.sessions().map(({ session }) => session - first);

/** The number before that of the next session. */
async function lastSession(): Promise<number> {
  const issuer = new Issuer();
  const sessions = sessionsFor(issuer);
  await open(sessions, issuer.token());
  const [only] = sessions.sessions();
  await sessions.close();
  return only?.session ?? Number.NaN;
}

describe("sessions, when there are no more,", () => {
  const limits = { sessions: 4, sessionsPerAgent: 2, strangerSessions: 1 };

  test("go to an agent below its share: the greediest loses the session that was idle longest", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits });
    const greedy: string[] = [];
    for (let count = 0; count < 4; count++)
      greedy.push(await open(sessions, issuer.token({ identity: opus })));
    // The first is used again, so that the second has been idle longest.
    expect((await say(sessions, greedy[0] ?? "")).status).toBe(200);
    const modest = await open(sessions, issuer.token());
    expect(sessions.size).toBe(4);
    expect((await say(sessions, greedy[1] ?? "")).status).toBe(404);
    for (const id of [greedy[0], greedy[2], greedy[3], modest]) {
      expect((await say(sessions, id ?? "")).status).toBe(200);
    }
  });

  test("are refused, 503, to an agent that has its share, and nobody else loses one", async () => {
    const last = await lastSession();
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits });
    for (const identity of [sonnet, sonnet, opus, opus]) await open(sessions, issuer.token({ identity }));
    const refused = await sessions.handle(post(initialize(await issuer.token())));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(ordinalsOf(sessions, last)).toEqual([1, 2, 3, 4]);
  });

  test("go to a new agent although each has a call under way: the one that was used least recently ends", async () => {
    const last = await lastSession();
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits, createServer: createHangingServer });
    const hang = { ...call, params: { name: "hang" } };
    for (let count = 0; count < 4; count++) {
      const id = await open(sessions, issuer.token({ identity: opus }));
      await sessions.handle(post(hang, { "mcp-session-id": id }));
    }
    await open(sessions, issuer.token());
    expect(ordinalsOf(sessions, last)).toEqual([2, 3, 4, 5]);
  });

  test("are refused without burning the token of an agent that has its share", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits: { ...limits, sessions: 2, sessionsPerAgent: 2 } });
    const ids = [await open(sessions, issuer.token()), await open(sessions, issuer.token())];
    const token = await issuer.token();
    expect((await sessions.handle(post(initialize(token)))).status).toBe(503);
    await sessions.handle(
      new Request("http://localhost/mcp", {
        method: "DELETE",
        headers: { host: "localhost", "mcp-session-id": ids[0] ?? "" },
      }),
    );
    await open(sessions, token);
  });

  test("are left for agents by 50 strangers, who send a bare initialize under `optional`", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier({ policy: "optional" });
    const sessions = sessionsFor(issuer, { verifier, limits });
    const statuses: number[] = [];
    for (let count = 0; count < 50; count++) {
      const answer = await sessions.handle(post({ ...initialize(), id: count }));
      statuses.push(answer.status);
      await answer.text();
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
    await open(sessions, issuer.token());
    await open(sessions, issuer.token());
    expect(sessions.sessions().filter(({ subject }) => subject !== null)).toHaveLength(2);
  });

  test("are counted by issuer, subject and key: two keys of one subject are two agents", async () => {
    const last = await lastSession();
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const { verify } = verifier;
    let key = "";
    // As a verifier of bound tokens answers; this one does not check proofs.
    verifier.verify = async (token, presentation) => {
      const result = await verify.call(verifier, token, presentation);
      if (!result.verified) return result;
      const cnf = { jwk: { kty: "OKP", crv: "Ed25519", x: key } } as const;
      return { ...result, claims: { ...result.claims, cnf } };
    };
    const sessions = sessionsFor(issuer, { verifier, limits });
    key = "greedy";
    for (let count = 0; count < 4; count++) await open(sessions, issuer.token());
    key = "modest";
    await open(sessions, issuer.token());
    expect(ordinalsOf(sessions, last)).toEqual([2, 3, 4, 5]);
  });
});

describe("request bodies that never end", () => {
  const limits = { bodyBytes: 2000, initializeBytes: 2000, bytesInFlight: 8000 };
  const begun = `{"padding":"${"p".repeat(1000)}`;

  test("of strangers shut no stranger out, nor an agent: the oldest of them goes, 503", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits });
    const id = await open(sessions, issuer.token());
    const held = Array.from({ length: 20 }, () => sessions.handle(halfSent(begun)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await open(sessions, issuer.token());
    expect(await (await say(sessions, id)).text()).toContain("steered");
    const first = await held[0];
    expect(first?.status).toBe(503);
    expect(first?.headers.has("retry-after")).toBe(true);
  });

  test("of an agent shut no other agent out, nor a stranger", async () => {
    const issuer = new Issuer();
    const sessions = sessionsFor(issuer, { limits });
    const greedy = await open(sessions, issuer.token({ identity: opus }));
    const modest = await open(sessions, issuer.token());
    const held = Array.from({ length: 20 }, () =>
      sessions.handle(halfSent(begun, { "mcp-session-id": greedy })),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (let round = 0; round < 5; round++) {
      expect(await (await say(sessions, modest)).text()).toContain("steered");
    }
    await open(sessions, issuer.token());
    expect((await held[0])?.status).toBe(503);
  });

  test("end with 408 after bodyTimeoutSeconds, whether their first byte has come or not", async () => {
    const sessions = sessionsFor(new Issuer(), { bodyTimeoutSeconds: 0.1 });
    const answers = await Promise.all(
      [halfSent(begun), halfSent("")].map((request) => sessions.handle(request)),
    );
    expect(answers.map(({ status }) => status)).toEqual([408, 408]);
  });

  test("give up their first byte after 5 seconds, however long a body may take", {
    timeout: 15_000,
  }, async () => {
    const sessions = sessionsFor(new Issuer(), { bodyTimeoutSeconds: 30 });
    const begin = performance.now();
    const slow = sessions.handle(halfSent(begun));
    expect((await sessions.handle(halfSent(""))).status).toBe(408);
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(await Promise.race([slow, "still read"])).toBe("still read");
  });
});

describe("verifications that take long", () => {
  test("hold bytes alone: forged tokens shut nobody out while an issuer's keys are slow", async () => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const { verify } = verifier;
    verifier.verify = (token, presentation) =>
      token === "slow" ? new Promise(() => undefined) : verify.call(verifier, token, presentation);
    const limits = { bodyBytes: 4000, initializeBytes: 4000, bytesInFlight: 20_000, sessions: 2 };
    const sessions = sessionsFor(issuer, { verifier, limits });
    const slow = Array.from({ length: 50 }, () => sessions.handle(post(initialize("slow"))));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const id = await open(sessions, issuer.token());
    expect(await (await say(sessions, id)).text()).toContain("steered");
    expect((await slow[0])?.status).toBe(503);
  });
});
