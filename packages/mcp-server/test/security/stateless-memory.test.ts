import { KeyPair } from "@attest/core";
import { withEvidence } from "@attest/core/wire";
import { describe, expect, test } from "vitest";
import { call, HEADERS } from "../http/support/sessions.ts";
import { Issuer } from "../support/agents.ts";
import { BoundAgent } from "../support/bound-agent.ts";
import { startServer } from "./support/start-http-server.ts";

const MB = 1_000_000;
// `pnpm --filter @attest/mcp-server faults` runs it at full size.
const PART = process.env["FAULTS"] === "full" ? 1 : 10;
const REFUSED = 20_000 / PART;
const FORGED = 400 / PART;
const AT_ONCE = 50;

describe("the memory of a stateless server", () => {
  test(`stays as it is over ${REFUSED} refused requests and ${FORGED} forged ones of 2 MB, in a heap of 256 MB`, {
    timeout: 300_000,
  }, async () => {
    const issuer = new Issuer();
    const { url, usage } = await startServer(issuer, {
      isStateless: true,
      limits: { bodyBytes: 4 * MB },
      flags: ["--max-old-space-size=256"],
    });
    const sky = { ...call, params: { name: "sky" } };
    const send = async (body: string): Promise<string> => {
      const response = await fetch(url, { method: "POST", headers: HEADERS, body });
      return response.text();
    };
    const rounds = async (times: number, bodyOf: (index: number) => Promise<string>, code: number) => {
      for (let index = 0; index < times; index += AT_ONCE) {
        const answers = await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, times - index) }, async (_, more) =>
            send(await bodyOf(index + more)),
          ),
        );
        for (const answer of answers) expect(answer).toContain(`"code":${code}`);
      }
    };
    const agent = await BoundAgent.of(issuer);
    expect(await send(JSON.stringify(await agent.sign(sky)))).toContain("blue");

    // Well formed in all but the issuer's signature, each with an id of its own.
    const forger = new Issuer(KeyPair.generate("key-1"));
    const template = await BoundAgent.of(forger);
    const padding = "p".repeat(2 * MB);
    const forged = async () =>
      JSON.stringify(await (await BoundAgent.of(forger)).sign({ ...sky, params: { name: "sky", padding } }));
    const small = JSON.stringify(withEvidence(sky, await template.evidence(sky)));
    await rounds(1000, async () => small, 1003);
    const before = await usage();
    await rounds(REFUSED, async () => small, 1003);
    await rounds(FORGED, forged, 1003);
    expect((await usage()).made).toBe(before.made);
    // The last bodies are let go of once their connections are idle.
    await expect
      .poll(async () => (await usage()).bytes - before.bytes, { timeout: 30_000, interval: 500 })
      .toBeLessThan(5 * MB);
    expect(await send(JSON.stringify(await agent.sign(sky)))).toContain("blue");
  });
});
