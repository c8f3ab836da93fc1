import { AttestationErrorCode, decodeToken } from "@attest/core";
import { forgeToken } from "@attest/core/testing";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { enterprise, Issuer, opus, sonnet } from "../support/agents.ts";
import { initializeParams, openRaw } from "../support/raw-connection.ts";
import { type WitnessLink, witnessLinks } from "./support/witness-links.ts";

const codeOf = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);
const textOf = (message: JSONRPCMessage) =>
  "result" in message ? (message.result["content"] as [{ text: string }])[0].text : undefined;

/** A raw session with a witness server, ready: of an agent with the token options given. */
async function ready(link: WitnessLink, options: Parameters<Issuer["token"]>[0] = {}) {
  const issuer = new Issuer();
  const witness = await link(issuer);
  const transport = await witness.connect();
  const connection = await openRaw(transport);
  await connection.request("initialize", initializeParams(await issuer.token(options)));
  const call = (name: string, args = {}) => connection.request("tools/call", { name, arguments: args });
  const { saw } = witness;
  // Reports of a child process come late, but in order. Once the mark is there, so is everything before it.
  const seen = async () => {
    await call("mark");
    await vi.waitFor(() => expect(saw).toContain("ran mark"), { timeout: 10_000 });
    return saw.filter((what) => what !== "ran mark");
  };
  return { ...connection, issuer, call, saw, seen };
}

describe.each(witnessLinks)("Session over %s", (name, link) => {
  test("a request before a refused initialize", async () => {
    const issuer = new Issuer();
    const { connect, saw, ended } = await link(issuer);
    const { request } = await openRaw(await connect());
    for (const [method, params] of [
      ["tools/call", { name: "open" }],
      ["tools/call", { name: "vouched" }],
      ["tools/list", {}],
    ] as const) {
      // Over HTTP the transport itself turns it away, which opens no session.
      if (name === "Streamable HTTP")
        await expect(request(method, params)).rejects.toThrow(/not initialized/i);
      else expect(codeOf(await request(method, params))).toBe(AttestationErrorCode.ATTESTATION_REQUIRED);
    }
    const refused = await request("initialize", initializeParams(await new Issuer().token()));
    expect(codeOf(refused)).toBe(AttestationErrorCode.INVALID_SIGNATURE);
    await ended();
    expect(saw).toEqual([]);
  });

  test("a request during a refused initialize", async () => {
    const issuer = new Issuer();
    const { connect, saw, release, ended } = await link(issuer, "until-released-then-refuse");
    const { request, received } = await openRaw(await connect());
    const initialize = request("initialize", initializeParams(await issuer.token()));
    if (name === "Streamable HTTP") await vi.waitFor(() => request("ping"), { timeout: 10_000 });
    const during = [
      request("tools/call", { name: "open" }),
      request("tools/call", { name: "vouched" }),
      request("tools/list"),
    ];
    // Answered after the others arrived, and before initialize is.
    await request("ping");
    expect(received.filter((message) => "error" in message)).toEqual([]);
    release();
    for (const answer of await Promise.all([initialize, ...during])) {
      expect(codeOf(answer)).toBe(AttestationErrorCode.UNKNOWN_ISSUER);
    }
    await ended();
    expect(saw).toEqual([]);
  });

  test("a request after a refused initialize", async () => {
    const { connect, saw, ended } = await link(new Issuer());
    const { request, isClosed } = await openRaw(await connect());
    const refused = await request("initialize", initializeParams("not.a.token"));
    expect(codeOf(refused)).toBe(AttestationErrorCode.MALFORMED_TOKEN);
    // Over HTTP the session is not found any more; elsewhere the connection is gone.
    const isHttp = name === "Streamable HTTP";
    if (!isHttp) await vi.waitFor(() => expect(isClosed()).toBe(true), { timeout: 10_000 });
    const gone = isHttp ? { code: 404 } : { message: "Not connected" };
    await expect(request("tools/call", { name: "open" })).rejects.toMatchObject(gone);
    await expect(request("initialize", initializeParams("not.a.token"))).rejects.toMatchObject(gone);
    await ended();
    expect(saw).toEqual([]);
  });

  test("a second initialize", async () => {
    const { request, issuer, call, seen } = await ready(link, { identity: sonnet });
    const another = await issuer.token({ identity: opus });
    for (const params of [initializeParams(another), initializeParams(), initializeParams("not.a.token")]) {
      // Over HTTP the transport itself refuses it, 400 and the same code.
      if (name === "Streamable HTTP") {
        await expect(request("initialize", params)).rejects.toThrow(/already initialized/);
      } else expect(codeOf(await request("initialize", params))).toBe(-32600);
    }
    expect(textOf(await call("vouched"))).toBe(sonnet.toSpiffeId());
    expect((await seen()).filter((what) => what === "heard initialize")).toHaveLength(1);
  });

  test("another session's requests, which have the same ids", async () => {
    const issuer = new Issuer();
    const { connect, saw } = await link(issuer);
    const open = async (identity: typeof sonnet) => {
      const transport = await connect();
      const { request } = await openRaw(transport);
      await request("initialize", initializeParams(await issuer.token({ identity })));
      return { transport, request };
    };
    const [one, other] = [await open(sonnet), await open(opus)];
    const waiting = one.request("tools/call", { name: "wait" });
    await vi.waitFor(() => expect(saw).toContain("ran wait"), { timeout: 10_000 });
    expect(textOf(await other.request("tools/call", { name: "vouched" }))).toBe(opus.toSpiffeId());
    const params = { requestId: 2, reason: "not mine" };
    await other.transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    await other.request("tools/call", { name: "go-on" });
    expect(textOf(await other.request("tools/call", { name: "vouched" }))).toBe(opus.toSpiffeId());
    await one.request("tools/call", { name: "go-on" });
    expect(textOf(await waiting)).toBe(sonnet.toSpiffeId());
  });

  test("guard called outside a request", async () => {
    const { call, seen } = await ready(link);
    expect(textOf(await call("outside"))).toBe(`denied ${AttestationErrorCode.ATTESTATION_REQUIRED}`);
    expect(await seen()).not.toContain("ran outside");
  });

  test("context after token expiry", async () => {
    const { call, seen } = await ready(link, { lifetimeSeconds: 300 });
    expect(textOf(await call("open"))).toBe(sonnet.toSpiffeId());
    await call("advance", { seconds: 300 + 31 });
    expect(textOf(await call("open"))).toBe("nobody");
    expect(codeOf(await call("vouched"))).toBe(AttestationErrorCode.TOKEN_EXPIRED);
    expect(await seen()).not.toContain("ran vouched");
  });

  test("context after token expiry, which comes while a guard's check takes its time", async () => {
    const { call, saw, seen } = await ready(link, { lifetimeSeconds: 300 });
    const checked = call("slowly-checked");
    await vi.waitFor(() => expect(saw).toContain("checks"), { timeout: 10_000 });
    await call("advance", { seconds: 300 + 31 });
    await call("go-on");
    expect(codeOf(await checked)).toBe(AttestationErrorCode.TOKEN_EXPIRED);
    expect(await seen()).not.toContain("ran slowly-checked");
  });
});

describe.each(witnessLinks)("Guard over %s", (_, link) => {
  test("enterprise at a provider gate", async () => {
    const { call, seen } = await ready(link, { metadata: enterprise });
    expect(codeOf(await call("provider-only"))).toBe(AttestationErrorCode.INSUFFICIENT_TRUST);
    expect(codeOf(await call("vouched"))).toBeUndefined();
    expect((await seen()).filter((what) => what.startsWith("ran"))).toEqual(["ran vouched"]);
  });

  test("unknown trust level, of a guard", async () => {
    const { call, seen } = await ready(link);
    expect(textOf(await call("unknown-level"))).toBe("TypeError");
    expect(await seen()).not.toContain("ran unknown-level");
  });

  test("unknown trust level, of a token that a trusted issuer signed", async () => {
    const issuer = new Issuer();
    const { connect, saw, ended } = await link(issuer);
    const { request } = await openRaw(await connect());
    const { raw } = decodeToken(await issuer.token()).claims;
    const metadata = { ...Object(raw["attestation_metadata"]), attestation_type: "root" };
    const token = forgeToken(issuer.keyPair, { payload: { ...raw, attestation_metadata: metadata } });
    expect(codeOf(await request("initialize", initializeParams(token)))).toBe(
      AttestationErrorCode.MALFORMED_TOKEN,
    );
    await ended();
    expect(saw).toEqual([]);
  });

  test.each([
    ["async check that rejects", "check-rejects"],
    ["check that throws", "check-throws"],
  ])("%s", async (_line, tool) => {
    const { call, seen } = await ready(link);
    const answer = await call(tool);
    expect(codeOf(answer)).toBe(AttestationErrorCode.INSUFFICIENT_TRUST);
    expect(JSON.stringify(answer)).not.toMatch(/directory|bug/);
    expect(await seen()).not.toContain(`ran ${tool}`);
  });
});
