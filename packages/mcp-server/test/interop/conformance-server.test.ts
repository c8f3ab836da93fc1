import type { TokenEvent, VerificationPolicy } from "@attest/core";
import type { GateEvent } from "@attest/mcp-server";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { describe, type TestContext, test } from "vitest";
import { Issuer } from "../support/agents.ts";
import { startHttpHost } from "../support/http-host.ts";
import { createFixtureServer } from "./conformance/fixture-server.ts";
import { type ConformanceRun, runConformance } from "./conformance/run-conformance.ts";
import { startAttestingProxy } from "./support/attesting-proxy.ts";
import { type Served, serve } from "./support/serve.ts";

const allPassed = { exitCode: 0, scenarios: 30, passed: 40, others: [] };

function examine({ url }: Served): Promise<ConformanceRun> {
  return runConformance("server", "--url", url.href);
}

async function serveGated(
  policy: VerificationPolicy,
  issuer: Issuer,
  events: (GateEvent | TokenEvent)[] = [],
): Promise<Served> {
  const verifier = issuer.verifier({ policy, observer: { record: (event) => events.push(event) } });
  return serve(createFixtureServer, { verifier, onUnattested: () => undefined });
}

/** Returns the attestation status that the server behind `url` declares to a client without attestation. */
async function statusAt({ url }: Served, { onTestFinished }: TestContext): Promise<unknown> {
  const client = new Client({ name: "stranger", version: "1.0.0" });
  onTestFinished(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(url) as Transport);
  return client.getServerCapabilities()?.experimental?.["security.attestation"];
}

describe.concurrent("MCP's conformance suite for servers", { timeout: 240_000 }, () => {
  test("passes all its 40 checks on a host as the SDK documents it, without a gate", async (context) => {
    const served = await startHttpHost(createFixtureServer);
    context.onTestFinished(() => served.close());
    context.expect(await examine(served)).toMatchObject(allPassed);
    context.expect(await statusAt(served, context)).toBeUndefined();
  });

  test.for(["optional", "preferred"] as const)(
    "passes all its 40 checks behind a gate whose policy is %s",
    async (policy, context) => {
      const served = await serveGated(policy, new Issuer());
      context.onTestFinished(() => served.close());
      context.expect(await examine(served)).toMatchObject(allPassed);
      const status = { policy, verification_status: "not_provided" };
      context.expect(await statusAt(served, context)).toMatchObject(status);
    },
  );

  test("passes all its 40 checks behind a gate whose policy is required, through a proxy that attests", async (context) => {
    const issuer = new Issuer();
    const events: (GateEvent | TokenEvent)[] = [];
    const served = await serveGated("required", issuer, events);
    context.onTestFinished(() => served.close());
    const proxy = await startAttestingProxy(served.url, () => issuer.token());
    context.onTestFinished(() => proxy.close());
    context.expect(await examine(proxy)).toMatchObject(allPassed);
    const status = { policy: "required", verification_status: "verified" };
    context.expect(await statusAt(proxy, context)).toMatchObject(status);
    // Every scenario opened a session of its own.
    context.expect(new Set(events.map(({ type }) => type))).toEqual(new Set(["verified"]));
    context.expect(events.length).toBeGreaterThanOrEqual(allPassed.scenarios);
  });

  test("is refused by a gate whose policy is required, in all but what concerns no session", async (context) => {
    const served = await serveGated("required", new Issuer());
    context.onTestFinished(() => served.close());
    const { scenarios, others } = await examine(served);
    context.expect(scenarios).toBe(1);
    context.expect(others).toHaveLength(29);
    for (const { errorMessage } of others) context.expect(errorMessage).toContain("MCP error 1009: ");
  });
});
