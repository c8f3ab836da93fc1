import { AttestationErrorCode, KeyPair } from "@attest/core";
import { TestIssuer } from "@attest/core/testing";
import { AttestationRejectedError, AttestingClientSession } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { AUDIENCE, enterprise, ISSUER, Issuer, opus, sonnet } from "./support/agents.ts";
import { links } from "./support/links.ts";
import { openRaw } from "./support/raw-connection.ts";

function session(getToken: () => string | Promise<string>): AttestingClientSession {
  const created = new AttestingClientSession({ name: "agent", version: "1.0.0" }, { getToken });
  onTestFinished(() => created.close());
  return created;
}

function bareClient(): Client {
  const client = new Client({ name: "stranger", version: "1.0.0" });
  onTestFinished(() => client.close());
  return client;
}

async function refusalOf(connecting: Promise<unknown>): Promise<AttestationRejectedError> {
  const error = await connecting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AttestationRejectedError))
    throw new Error("not refused for its attestation", { cause: error });
  return error;
}

const signedByAnother = (kid: string, issuer = ISSUER) =>
  new TestIssuer({
    issuer,
    identity: sonnet,
    audience: AUDIENCE,
    keyPair: KeyPair.generate(kid),
  }).createToken();

describe.each(links)("an attested session over %s", (name, link) => {
  test("is accepted, calls guarded tools and is known by its subject", async () => {
    const issuer = new Issuer();
    const open = await link(issuer);
    const agent = session(() => issuer.token());
    await agent.connect(await open());
    expect(agent.attestationVerified).toBe(true);
    expect(agent.attestationStatus).toMatchObject({
      verificationStatus: "verified",
      trustLevel: "provider",
      policy: "required",
      trustedIssuers: [ISSUER],
      verifiedClaims: expect.arrayContaining(["iss", "agent_identity"]),
    });
    const forecast = await agent.callTool({ name: "forecast", arguments: { city: "Oslo" } });
    expect(forecast.content).toEqual([
      { type: "text", text: "Oslo: sun, for spiffe://anthropic.com/model/claude-sonnet-4" },
    ]);
    await expect(agent.callTool({ name: "steer-clouds" })).resolves.toMatchObject({
      content: [{ text: "steered" }],
    });
  });

  const refusals: readonly (readonly [string, number, (issuer: Issuer) => string | Promise<string>])[] = [
    ["no signature of the issuer's", AttestationErrorCode.INVALID_SIGNATURE, () => signedByAnother("key-1")],
    [
      "a key the issuer does not publish",
      AttestationErrorCode.INVALID_SIGNATURE,
      () => signedByAnother("key-2"),
    ],
    [
      "an unknown issuer",
      AttestationErrorCode.UNKNOWN_ISSUER,
      () => signedByAnother("key-1", "https://evil.example"),
    ],
    [
      "another audience",
      AttestationErrorCode.INVALID_AUDIENCE,
      (issuer) => issuer.token({ audience: "https://other.example" }),
    ],
    [
      "a life too long",
      AttestationErrorCode.MALFORMED_TOKEN,
      (issuer) => issuer.token({ lifetimeSeconds: 86_400 }),
    ],
    ["no token's form", AttestationErrorCode.MALFORMED_TOKEN, () => "not.a.token"],
    [
      "a life that is over",
      AttestationErrorCode.TOKEN_EXPIRED,
      (issuer) => issuer.token({ clock: { now: () => Date.now() / 1000 - 600 } }),
    ],
    [
      "a life that has not begun",
      AttestationErrorCode.TOKEN_NOT_YET_VALID,
      (issuer) => issuer.token({ clock: { now: () => Date.now() / 1000 + 600 } }),
    ],
  ];
  test.each(refusals)(
    "is refused for a token with %s, code %i and data intact",
    async (_case, code, getToken) => {
      const issuer = new Issuer();
      const open = await link(issuer);
      const agent = session(() => getToken(issuer));
      const refusal = await refusalOf(agent.connect(await open()));
      expect(refusal.code).toBe(code);
      expect(refusal.data).toEqual({
        reason: expect.stringMatching(/^[a-z_]+$/),
        policy: "required",
        trusted_issuers: [ISSUER],
        required_claims: expect.arrayContaining(["iss", "agent_identity"]),
        proof: "when-bound",
        ...(code === 1005 ? { audience: [AUDIENCE] } : {}),
      });
      expect(agent.attestationStatus).toBeNull();
    },
  );

  test("is refused, 1009, when nothing is presented", async () => {
    const open = await link(new Issuer());
    await expect(bareClient().connect(await open())).rejects.toMatchObject({
      code: AttestationErrorCode.ATTESTATION_REQUIRED,
      data: { policy: "required" },
    });
  });

  test("proceeds unattested when the policy is optional, and guards still hold", async () => {
    const open = await link(new Issuer(), "optional");
    const client = bareClient();
    await client.connect(await open());
    expect(client.getServerCapabilities()?.experimental?.["security.attestation"]).toMatchObject({
      verification_status: "not_provided",
      trust_level: "none",
    });
    await expect(client.callTool({ name: "sky" })).resolves.toMatchObject({ content: [{ text: "blue" }] });
    await expect(client.callTool({ name: "forecast", arguments: { city: "Oslo" } })).rejects.toMatchObject({
      code: AttestationErrorCode.ATTESTATION_REQUIRED,
    });
  });

  test("is told why it is not verified when the policy is preferred", async () => {
    const open = await link(new Issuer(), "preferred");
    const agent = session(() => signedByAnother("key-1"));
    await agent.connect(await open());
    expect(agent.attestationVerified).toBe(false);
    expect(agent.attestationStatus).toMatchObject({
      verificationStatus: "failed",
      trustLevel: "none",
      errorCode: AttestationErrorCode.INVALID_SIGNATURE,
    });
  });

  test("hears from a guard why its token failed, not that it presented none", async () => {
    const open = await link(new Issuer(), "optional");
    const agent = session(() => signedByAnother("key-1"));
    await agent.connect(await open());
    const call = await refusalOf(agent.callTool({ name: "steer-clouds" }));
    expect(call.code).toBe(AttestationErrorCode.INVALID_SIGNATURE);
  });

  test("of enterprise trust is refused, 1013, at a provider guard around a tool and around a resource", async () => {
    const issuer = new Issuer();
    const open = await link(issuer);
    const agent = session(() => issuer.token({ metadata: enterprise }));
    await agent.connect(await open());
    expect(agent.attestationStatus?.trustLevel).toBe("enterprise");
    const call = await refusalOf(agent.callTool({ name: "steer-clouds" }));
    expect(call).toMatchObject({
      code: AttestationErrorCode.INSUFFICIENT_TRUST,
      data: { policy: "required" },
    });
    const read = await refusalOf(agent.readResource({ uri: "weather://almanac" }));
    expect(read.code).toBe(AttestationErrorCode.INSUFFICIENT_TRUST);
    await expect(
      agent.callTool({ name: "forecast", arguments: { city: "Oslo" } }),
    ).resolves.not.toHaveProperty("isError");
  });

  test("connects again with a new token, and is refused, 1006, with the old one", async () => {
    const issuer = new Issuer();
    const open = await link(issuer);
    const tokens: string[] = [];
    const agent = session(async () => {
      const token = await issuer.token();
      tokens.push(token);
      return token;
    });
    await agent.connect(await open());
    await agent.close();
    await agent.connect(await open());
    expect(agent.attestationVerified).toBe(true);
    expect(new Set(tokens).size).toBe(2);
    if (name === "stdio") return; // Each child process has a memory of its own.
    const thief = session(() => tokens[0] ?? "");
    expect((await refusalOf(thief.connect(await open()))).code).toBe(AttestationErrorCode.REPLAY_DETECTED);
  });

  test("never mixes with another at the same time", async () => {
    const issuer = new Issuer();
    const open = await link(issuer);
    const agents = await Promise.all(
      [sonnet, opus].map(async (identity) => {
        const agent = session(() => issuer.token({ identity }));
        await agent.connect(await open());
        return { agent, subject: identity.toSpiffeId() };
      }),
    );
    const calls = Array.from({ length: 20 }, () => agents).flat();
    const answers = await Promise.all(calls.map(({ agent }) => agent.callTool({ name: "who-am-i" })));
    expect(answers.map(({ content }) => content)).toEqual(
      calls.map(({ subject }) => [{ type: "text", text: subject }]),
    );
  });

  test("answers ping and nothing else before initialize", async () => {
    const open = await link(new Issuer());
    const { request } = await openRaw(await open());
    if (name === "Streamable HTTP") {
      await expect(request("tools/call", { name: "sky" })).rejects.toThrow(/not initialized/i);
      return;
    }
    await expect(request("ping")).resolves.toMatchObject({ result: {} });
    await expect(request("tools/call", { name: "sky" })).resolves.toMatchObject({
      error: { code: AttestationErrorCode.ATTESTATION_REQUIRED },
    });
    await expect(request("tools/list")).resolves.toMatchObject({
      error: { code: AttestationErrorCode.ATTESTATION_REQUIRED },
    });
  });
});
