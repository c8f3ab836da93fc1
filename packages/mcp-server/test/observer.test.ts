import { AttestationErrorCode, type Verifier } from "@attest/core";
import type { GateEvent, GateOptions } from "@attest/mcp-server";
import { requireAttestation } from "@attest/mcp-server";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { GetPromptRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test } from "vitest";
import { enterprise, ISSUER, Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

/** The events that are not about a session's beginning and end. */
const aboutCalls = (events: readonly GateEvent[]) =>
  events.filter(({ type }) => !type.startsWith("session_"));

const subject = "spiffe://anthropic.com/model/claude-sonnet-4";

/** A weather server that records its gate's events, and a connection to it. */
async function watch(
  verifier: Verifier,
  prepare: (server: Server) => void = () => undefined,
  options: Omit<GateOptions, "verifier"> = {},
) {
  const events: GateEvent[] = [];
  const server = createWeatherServer(verifier, {
    observer: { record: (event) => void events.push(event) },
    onUnattested: () => undefined,
    serverOptions: { capabilities: { prompts: {} } },
    ...options,
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
      model: "claude-sonnet-4",
      session: expect.any(Number),
      jti: expect.stringMatching(/^[0-9a-f]{8}$/),
    };
    expect(aboutCalls(events)).toEqual([
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
    expect(aboutCalls(events)).toMatchObject([
      { type: "denied", detail: "the requirement's check failed", cause: ["Error: directory is down"] },
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
    expect(aboutCalls(events)).toEqual([
      {
        type: "denied",
        code: AttestationErrorCode.ATTESTATION_REQUIRED,
        detail: "the caller is not attested",
        method: "prompts/get",
        target: `\\u000a${"x".repeat(255)}…`,
        issuer: null,
        subject: null,
        model: null,
        session: expect.any(Number),
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
    expect(aboutCalls(preferred.events)).toEqual([
      {
        type: "unattested",
        code: AttestationErrorCode.MALFORMED_TOKEN,
        session: expect.any(Number),
        client: "raw",
      },
    ]);
    const optional = await watch(issuer.verifier({ policy: "optional" }));
    await optional.request("initialize", initializeParams("not.a.token"));
    expect(aboutCalls(optional.events)).toEqual([]);
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
    expect(aboutCalls(events)).toMatchObject([
      { type: "gate_error", detail: "the verifier failed", cause: ["Error: database is down"] },
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

  test("learns whose session begins, goes on with a fresh token, and ends", async () => {
    const issuer = new Issuer();
    const { request, events, server } = await watch(issuer.verifier());
    await request("initialize", initializeParams(await issuer.token()));
    const token = await issuer.token();
    await request("tools/call", { name: "sky", _meta: { "security.attestation": { token } } });
    await server.close();
    const agent = {
      issuer: ISSUER,
      subject,
      model: "claude-sonnet-4",
      jti: expect.stringMatching(/^[0-9a-f]{8}$/),
    };
    const session = events[0]?.type === "session_opened" ? events[0].session : Number.NaN;
    expect(events).toEqual([
      { type: "session_opened", session, client: "raw", trustLevel: "provider", ...agent },
      { type: "session_renewed", session, ...agent },
      { type: "session_ended", session, durationSeconds: expect.any(Number) },
    ]);
  });

  test("learns of every call that was let through, who made it and how it ended, when told to record calls", async () => {
    const issuer = new Issuer();
    const { request, notify, events, server } = await watch(issuer.verifier(), () => undefined, {
      recordCalls: true,
    });
    server.registerTool("fails", {}, async () => ({ content: [], isError: true }));
    server.registerTool("waits", {}, () => new Promise(() => undefined));
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    await request("tools/call", { name: "sky" });
    await request("tools/call", { name: "fails" });
    await request("tools/call", { name: "steer-clouds" });
    await request("resources/read", { uri: "no://such" });
    await request("tools/list");
    void request("tools/call", { name: "waits" });
    await notify("notifications/cancelled", { requestId: 7 });
    const call = {
      type: "called",
      session: expect.any(Number),
      client: "raw",
      issuer: ISSUER,
      subject,
      model: "claude-sonnet-4",
      jti: expect.stringMatching(/^[0-9a-f]{8}$/),
      durationSeconds: expect.any(Number),
      code: null,
    };
    await expect
      .poll(() => events.filter(({ type }) => type === "called"))
      .toEqual([
        { ...call, method: "tools/call", target: "sky", outcome: "ok" },
        { ...call, method: "tools/call", target: "fails", outcome: "tool_error" },
        { ...call, method: "resources/read", target: "no://such", outcome: "error", code: -32602 },
        { ...call, method: "tools/list", target: null, outcome: "ok" },
        { ...call, method: "tools/call", target: "waits", outcome: "cancelled" },
      ]);
    // A call that a guard denied is reported once: as denied.
    expect(events.filter(({ type }) => type === "denied")).toMatchObject([{ target: "steer-clouds" }]);
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  });

  test("is not told of calls unless told to record them", async () => {
    const issuer = new Issuer();
    const { request, events } = await watch(issuer.verifier());
    await request("initialize", initializeParams(await issuer.token()));
    await request("tools/call", { name: "sky" });
    expect(aboutCalls(events)).toEqual([]);
  });

  test("names the target that the rule matched, whatever else a request says", async () => {
    const issuer = new Issuer();
    const { request, events } = await watch(issuer.verifier(), () => undefined, {
      rules: { resources: { "weather://*": { trustLevel: "provider" } } },
    });
    await request("initialize", initializeParams(await issuer.token({ metadata: enterprise })));
    await request("resources/read", { uri: "weather://almanac", name: "harmless" });
    expect(aboutCalls(events)).toMatchObject([{ type: "denied", target: "weather://almanac" }]);
  });
});
