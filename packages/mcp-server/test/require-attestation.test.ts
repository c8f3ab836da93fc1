import { AttestationErrorCode, type TrustLevel } from "@attest/core";
import type { AttestationRequirement } from "@attest/mcp-server";
import { AttestationDeniedError, currentAttestation, requireAttestation } from "@attest/mcp-server";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { describe, expect, test, vi } from "vitest";
import { enterprise, ISSUER, Issuer } from "./support/agents.ts";
import { initializeParams, openRaw } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

/** Calls a tool guarded by `requirement` as an agent with the token options given; says how it was answered. */
async function callGuarded(
  requirement: AttestationRequirement,
  options = {},
): Promise<{ code: unknown; ran: boolean }> {
  const issuer = new Issuer();
  const server = createWeatherServer(issuer.verifier());
  const handler = vi.fn(async () => ({ content: [] }));
  server.registerTool("guarded", {}, requireAttestation(requirement, handler));
  const [client, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  const { request } = await openRaw(client);
  await request("initialize", initializeParams(await issuer.token(options)));
  const answer = await request("tools/call", { name: "guarded" });
  return { code: "error" in answer ? answer.error.code : undefined, ran: handler.mock.calls.length > 0 };
}

const PASSES = { code: undefined, ran: true };
const DENIED = { code: AttestationErrorCode.INSUFFICIENT_TRUST, ran: false };

describe("requireAttestation", () => {
  test("compares trust levels: provider is above enterprise", async () => {
    expect(await callGuarded({ trustLevel: "provider" })).toEqual(PASSES);
    expect(await callGuarded({ trustLevel: "enterprise" })).toEqual(PASSES);
    expect(await callGuarded({ trustLevel: "enterprise" }, { metadata: enterprise })).toEqual(PASSES);
    expect(await callGuarded({ trustLevel: "provider" }, { metadata: enterprise })).toEqual(DENIED);
  });

  test("compares the issuer exactly", async () => {
    expect(await callGuarded({ issuer: ISSUER })).toEqual(PASSES);
    expect(await callGuarded({ issuer: ["https://other.example", ISSUER] })).toEqual(PASSES);
    expect(await callGuarded({ issuer: `${ISSUER}/` })).toEqual(DENIED);
  });

  test("passes only when the check says true: not for a throw, a rejection, or anything truthy", async () => {
    expect(
      await callGuarded({ check: ({ claims }) => claims.agentIdentity.provider === "anthropic" }),
    ).toEqual(PASSES);
    expect(await callGuarded({ check: async () => true })).toEqual(PASSES);
    expect(await callGuarded({ check: async () => false })).toEqual(DENIED);
    expect(await callGuarded({ check: () => "not on Sundays" })).toEqual(DENIED);
    expect(await callGuarded({ check: () => 1 as unknown as boolean })).toEqual(DENIED);
    expect(await callGuarded({ check: () => Promise.reject(new Error("directory is down")) })).toEqual(
      DENIED,
    );
    expect(
      await callGuarded({
        check: () => {
          throw new Error("bug");
        },
      }),
    ).toEqual(DENIED);
  });

  test("denies, 1009, outside a request", async () => {
    const handler = vi.fn();
    await expect(requireAttestation({}, handler)()).rejects.toThrow(
      expect.objectContaining({ code: AttestationErrorCode.ATTESTATION_REQUIRED }),
    );
    await expect(requireAttestation(undefined, handler)()).rejects.toBeInstanceOf(AttestationDeniedError);
    expect(handler).not.toHaveBeenCalled();
    expect(currentAttestation()).toBeUndefined();
  });

  test("throws a TypeError when the guard is built from nonsense", () => {
    const handler = () => undefined;
    expect(() => requireAttestation({ trustLevel: "root" as TrustLevel }, handler)).toThrow(
      /trustLevel must be one of/,
    );
    expect(() => requireAttestation({ issuer: [] }, handler)).toThrow(TypeError);
    expect(() => requireAttestation({ check: "yes" as never }, handler)).toThrow(TypeError);
    expect(() => requireAttestation({}, undefined as never)).toThrow(TypeError);
  });
});
