import { AttestationErrorCode } from "@attest/core";
import { AttestingClientSession, UnverifiedServerError } from "@attest/mcp-client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, type TestContext, test } from "vitest";
import { Issuer } from "../support/agents.ts";
import { createGatedServer, openHttp, openStdio } from "./support/everything.ts";
import { serve } from "./support/serve.ts";
import { capabilities, tour } from "./support/tour.ts";

const clientInfo = { name: "tourist", version: "1.0.0" };

function agent(
  issuer: Issuer,
  { onTestFinished }: TestContext,
  requireVerification = false,
): AttestingClientSession {
  const source = { getToken: () => issuer.token(), requireVerification };
  const session = new AttestingClientSession(clientInfo, source, { capabilities });
  onTestFinished(() => session.close());
  return session;
}

function stranger({ onTestFinished }: TestContext): Client {
  const client = new Client(clientInfo, { capabilities });
  onTestFinished(() => client.close());
  return client;
}

/** Returns the tour as it is without attestation, at the client and at the server. */
async function plainTour(context: TestContext): Promise<Readonly<Record<string, unknown>>> {
  const client = stranger(context);
  await client.connect(await openStdio());
  return tour(client);
}

describe.concurrent("an attesting client at MCP's reference server", { timeout: 240_000 }, () => {
  describe.for([
    ["stdio", openStdio],
    ["Streamable HTTP", openHttp],
  ] as const)("over %s", ([_name, open]) => {
    test("sees all that a plain client sees, and is told that it was not verified", async (context) => {
      const session = agent(new Issuer(), context);
      await session.connect(await open(context));
      context.expect(session.attestationVerified).toBe(false);
      context
        .expect(session.attestationStatus)
        .toEqual({ verificationStatus: "not_provided", trustLevel: "none" });
      const [seen, plain] = await Promise.all([tour(session), plainTour(context)]);
      context.expect(seen).toEqual(plain);
      context.expect(seen["progress"]).toEqual([1, 2, 3, 4]);
    });

    test("leaves when it requires verification", async (context) => {
      const session = agent(new Issuer(), context, true);
      const connecting = session.connect(await open(context));
      await context.expect(connecting).rejects.toThrow(UnverifiedServerError);
      context.expect(session.transport).toBeUndefined();
    });
  });
});

describe.concurrent("MCP's reference server behind the gate", { timeout: 240_000 }, () => {
  const transportTo = (url: URL) => new StreamableHTTPClientTransport(url) as Transport;

  test("shows an attested agent all that it shows without the gate, and refuses others, 1009", async (context) => {
    const issuer = new Issuer();
    const verifier = issuer.verifier();
    const { url, close } = await serve(() => createGatedServer({ verifier }), { verifier });
    context.onTestFinished(close);
    const session = agent(issuer, context, true);
    await session.connect(transportTo(url));
    const [seen, plain] = await Promise.all([tour(session), plainTour(context)]);
    context.expect(seen).toEqual(plain);
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    await context.expect(stranger(context).connect(transportTo(url))).rejects.toMatchObject({ code });
  });

  test("keeps one of its tools for attested agents by a rule, and the others open", async (context) => {
    const issuer = new Issuer();
    const verifier = issuer.verifier({ policy: "optional" });
    const { url, close } = await serve(
      () => createGatedServer({ verifier, rules: { tools: { "get-sum": {} } } }),
      { verifier },
    );
    context.onTestFinished(close);
    const sum = { name: "get-sum", arguments: { a: 2, b: 3 } };
    const session = agent(issuer, context);
    await session.connect(transportTo(url));
    const client = stranger(context);
    await client.connect(transportTo(url));
    await context
      .expect(session.callTool(sum))
      .resolves.toMatchObject({ content: [{ text: "The sum of 2 and 3 is 5." }] });
    const code = AttestationErrorCode.ATTESTATION_REQUIRED;
    await context.expect(client.callTool(sum)).rejects.toMatchObject({ code });
    const echo = client.callTool({ name: "echo", arguments: { message: "hello" } });
    await context.expect(echo).resolves.toMatchObject({ content: [{ text: "Echo: hello" }] });
  });
});
