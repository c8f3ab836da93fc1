import { AgentIdentity, AttestationMetadata } from "@attest/core";
import { createAttestingServer, type GateEvent } from "@attest/mcp-server";
import { describe, expect, test } from "vitest";
import { compileRequirement } from "../../src/guard/requirement.js";
import { Issuer } from "../support/agents.ts";
import { connectRaw, initializeParams } from "../support/raw-connection.ts";

const identity = new AgentIdentity({
  modelFamily: "claude-4",
  modelVersion: "claude-sonnet-4",
  provider: "anthropic",
});
const metadata = new AttestationMetadata({
  safetyLevel: "enhanced",
  capabilitiesDeclared: ["tools", "web_search"],
});

/** Returns why the requirement denies an agent of provider trust; `undefined` when the agent may pass. */
async function asked(requirement: unknown): Promise<string | undefined> {
  const issuer = new Issuer();
  const result = await issuer.verifier().verify(await issuer.token({ identity, metadata }));
  if (!result.verified) throw new Error(result.error);
  const { trustLevel, issuer: by, subject, claims } = result;
  const attested = {
    verified: true,
    trustLevel,
    issuer: by,
    subject,
    claims,
    expiresAt: claims.exp,
  } as const;
  return compileRequirement(requirement, "test")(attested);
}

describe("a requirement", () => {
  test.each([
    {},
    { trustLevel: "none" },
    { trustLevel: "enterprise" },
    { subject: "spiffe://anthropic.com/model/claude-sonnet-4" },
    { subject: "spiffe://anthropic.com/*" },
    { subject: ["spiffe://other.example/*", "spiffe://anthropic.com/model/claude-*-4"] },
    { provider: "anthropic" },
    { provider: ["other", "anthropic"] },
    { model: "claude-sonnet-4" },
    { model: "claude-*" },
    { model: ["gpt-*", "*-sonnet-4"] },
    { safetyLevel: "enhanced" },
    { safetyLevel: ["standard", "enhanced"] },
    { capability: "tools" },
    { capability: ["web_search", "tools"] },
    { issuer: "https://api.anthropic.com", provider: "anthropic", model: "*", capability: "tools" },
  ])("%j is met", async (requirement) => {
    expect(await asked(requirement)).toBeUndefined();
  });

  test.each([
    [{ subject: "spiffe://anthropic.com/model" }, "the subject does not count here"],
    [{ subject: "spiffe://anthropic.com.evil.example/*" }, "the subject does not count here"],
    [{ subject: "spiffe://anthropic?com/*" }, "the subject does not count here"],
    [{ provider: "Anthropic" }, "the model's provider does not count here"],
    [{ model: "claude-4" }, "the model does not count here"],
    [{ model: ["claude", "gpt-*"] }, "the model does not count here"],
    [{ safetyLevel: "standard" }, "the safety level enhanced does not count here"],
    [{ capability: ["tools", "code"] }, 'the capability "code" is not declared'],
    [{ provider: "anthropic", model: "gpt-*" }, "the model does not count here"],
    [{ issuer: "https://other.example" }, "attested by an issuer that does not count here"],
    [{ check: () => false }, "the requirement's check returned false"],
    [{ check: () => "" }, "the requirement's check returned neither true nor false, but an empty string"],
    [{ check: () => undefined }, "the requirement's check returned neither true nor false, but undefined"],
    [{ check: async () => "frozen until Monday" }, "frozen until Monday"],
  ])("%j is not met, and says why", async (requirement, reason) => {
    expect(await asked(requirement)).toBe(reason);
  });

  test("asks its check only of agents that are all that it says", async () => {
    let asks = 0;
    const check = () => {
      asks += 1;
      return true;
    };
    expect(await asked({ model: "gpt-*", check })).toBe("the model does not count here");
    expect(asks).toBe(0);
    expect(await asked({ model: "claude-*", check })).toBeUndefined();
    expect(asks).toBe(1);
  });

  test("tells the operator why its check said no, and the agent nothing", async () => {
    const issuer = new Issuer();
    const events: GateEvent[] = [];
    const observer = { record: (event: GateEvent) => void events.push(event) };
    const rules = { tools: { deploy: { check: () => "frozen until Monday" } } };
    const server = createAttestingServer("test", issuer.verifier(), { rules, observer });
    server.registerTool("deploy", {}, async () => ({ content: [] }));
    const { request } = await connectRaw(server);
    await request("initialize", initializeParams(await issuer.token()));
    const answer = await request("tools/call", { name: "deploy" });
    expect(answer).toHaveProperty("error.code", 1013);
    expect(JSON.stringify(answer)).not.toContain("Monday");
    expect(events.filter(({ type }) => type === "denied")).toMatchObject([
      { detail: "frozen until Monday", target: "deploy" },
    ]);
  });
});
