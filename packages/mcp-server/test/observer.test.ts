import { AttestationErrorCode, type Verifier } from "@attest/core";
import type { GateEvent } from "@attest/mcp-server";
import { requireAttestation } from "@attest/mcp-server";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { GetPromptRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { enterprise, ISSUER, Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

const subject = "spiffe://anthropic.com/model/claude-sonnet-4";

/** A weather server that records its gate's events, and a connection to it. */
async function watch(verifier: Verifier, prepare: (server: Server) => void = () => undefined) {
  const events: GateEvent[] = [];
  const server = createWeatherServer(verifier, {
    observer: { record: (event) => void events.push(event) },
    onUnattested: () => undefined,
    serverOptions: { capabilities: { prompts: {} } },
  });
  prepare(server.server);
  return { events, server, ...(await connectRaw(server)) };
}

describe("the gate's observer", () => {
  test("learns which call of which agent a guard denied, and why", async () => {
    const issuer = new Issuer();
    const { request, events } = await watch(issuer.verifier());
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    await request("tools/call", { name: "steer-clouds" });
    await request("resources/read", { uri: "weather://almanac" });
    const denied = {
      type: "denied",
      code: AttestationErrorCode.INSUFFICIENT_TRUST,
      detail: "needs trust level provider, has enterprise",
      issuer: ISSUER,
      subject,
      jti: expect.stringMatching(/^[0-9a-f]{8}$/),
    };
    expect(events).toEqual([
      { ...denied, method: "tools/call", target: "steer-clouds" },
      { ...denied, method: "resources/read", target: "weather://almanac" },
    ]);
  });

  test("learns what a guard's own check threw", async () => {
    const issuer = new Issuer();
    const failure = new Error("directory is down");
    const { request, events, server } = await watch(issuer.verifier());
    const guard = requireAttestation({ check: () => Promise.reject(failure) }, async () => ({ content: [] }));
    server.registerTool("checked", {}, guard);
    await request("initialize", initializeParams(await issuer.token()));
    await request("tools/call", { name: "checked" });
    expect(events).toMatchObject([
      { type: "denied", detail: "the requirement's check failed", cause: [String(failure)] },
    ]);
  });

  test("is given what a client made up escaped and cut", async () => {
    const { request, events } = await watch(new Issuer().verifier({ policy: "optional" }), (server) =>
      server.setRequestHandler(
        GetPromptRequestSchema,
        requireAttestation({}, async () => ({ messages: [] })),
      ),
    );
    await request("initialize", initializeParams());
    await request("prompts/get", { name: `\n${"x".repeat(1000)}` });
    expect(events).toEqual([
      {
        type: "denied",
        code: AttestationErrorCode.ATTESTATION_REQUIRED,
        detail: "the caller is not attested",
        method: "prompts/get",
        target: `\\u000a${"x".repeat(255)}…`,
        issuer: null,
        subject: null,
        jti: null,
      },
    ]);
  });

  test("learns of calls that came before initialize", async () => {
    const { request, events } = await watch(new Issuer().verifier());
    await request("tools/call", { name: "sky" });
    expect(events).toMatchObject([
      { type: "denied", code: 1009, detail: "the session is not initialized", target: "sky" },
    ]);
  });

  test("learns that a session proceeds unattested under preferred, and nothing of it under optional", async () => {
    const issuer = new Issuer();
    const preferred = await watch(issuer.verifier({ policy: "preferred" }));
    await preferred.request("initialize", initializeParams("not.a.token"));
    expect(preferred.events).toEqual([{ type: "unattested", code: AttestationErrorCode.MALFORMED_TOKEN }]);
    const optional = await watch(issuer.verifier({ policy: "optional" }));
    await optional.request("initialize", initializeParams("not.a.token"));
    expect(optional.events).toEqual([]);
  });

  test("learns that the verifier failed, and with what", async () => {
    const failure = new Error("database is down");
    const inner = new Issuer().verifier({ policy: "preferred" });
    const { policy, trustedIssuers, requiredClaims } = inner;
    const { request, events } = await watch({
      policy,
      trustedIssuers,
      requiredClaims,
      verify: () => Promise.reject(failure),
    });
    await request("initialize", initializeParams("a.b.c"));
    expect(events).toEqual([
      { type: "gate_error", detail: "the verifier failed", cause: [String(failure)] },
      { type: "unattested", code: null },
    ]);
  });

  test("changes nothing when it throws", async () => {
    const issuer = new Issuer();
    const record = () => {
      throw new Error("observer");
    };
    const { request } = await connectRaw(createWeatherServer(issuer.verifier(), { observer: { record } }));
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    await expect(request("tools/call", { name: "steer-clouds" })).resolves.toHaveProperty("error.code", 1013);
  });
});
