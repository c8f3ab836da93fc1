import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AttestationErrorCode, decodeToken } from "@attest/core";
import { AttestingClientSession } from "@attest/mcp-client";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { Issuer } from "../support/agents.ts";

/** Times in tokens are whole seconds, so no life is shorter. */
const LIFE = 1;
/** How long this machine may stand still without a token dying on its way. */
const SKEW = 5;

/** A session with a server in a process of its own, both by the system's clock. */
async function openSession() {
  const issuer = new Issuer();
  const tokens: string[] = [];
  const state = { isVouchedFor: true };
  const getToken = async () => {
    if (!state.isVouchedFor) throw new Error("the provider answered 403");
    const token = await issuer.token({ lifetimeSeconds: LIFE });
    tokens.push(token);
    return token;
  };
  const session = new AttestingClientSession({ name: "agent", version: "1" }, { getToken });
  onTestFinished(() => session.close());
  const program = fileURLToPath(new URL("support/brief-stdio-server.ts", import.meta.url));
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [program],
    env: { ISSUER_PEM: issuer.keyPair.toPem(), SKEW: String(SKEW), NODE_NO_WARNINGS: "1" },
  });
  await session.connect(transport);
  const call = async () => {
    const { content } = await session.callTool({ name: "which-token" });
    return (content as [{ text: string }])[0].text;
  };
  return { session, tokens, state, call };
}

const now = () => Date.now() / 1000;
const jtiOf = (token: string) => decodeToken(token).claims.jti;

describe("a session over stdio with tokens of a second's life", () => {
  test("lives for ten token lives under steady calls: no refusal, ten renewals", {
    timeout: 60_000,
  }, async () => {
    const { tokens, call } = await openSession();
    const seen = new Set<string>();
    const endsAt = now() + 10 * LIFE;
    while (now() < endsAt || seen.size <= 10) {
      seen.add(await call());
      await sleep(50);
    }
    // The first may have been due before the first call: a process takes its time to start.
    expect(tokens.map(jtiOf)).toEqual(expect.arrayContaining([...seen]));
    expect(tokens.length).toBeGreaterThan(10);
  });

  test("ends within one life when its agent is no longer vouched for", { timeout: 60_000 }, async () => {
    const { session, tokens, state, call } = await openSession();
    const errors: string[] = [];
    session.onerror = ({ message }) => void errors.push(message);
    await call();
    state.isVouchedFor = false;
    let lastAnsweredAt = 0;
    let refusal: unknown;
    while (refusal === undefined) {
      const startedAt = now();
      try {
        await call();
        lastAnsweredAt = startedAt;
      } catch (error) {
        refusal = error;
      }
      await sleep(50);
    }
    expect(refusal).toMatchObject({ code: AttestationErrorCode.TOKEN_EXPIRED });
    const expiresAt = decodeToken(tokens.at(-1) ?? "").claims.exp;
    expect(lastAnsweredAt).toBeLessThan(expiresAt + SKEW);
    expect(errors).toContain("the session's token could not be renewed");
    await expect(call()).rejects.toMatchObject({ code: AttestationErrorCode.TOKEN_EXPIRED });
  });
});
