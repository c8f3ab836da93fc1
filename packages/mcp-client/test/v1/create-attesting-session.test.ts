import { ATTESTATION_VERSION } from "@attest/core";
import { describe, expect, test } from "vitest";
import { type CreateAttestingSessionOptions, createAttestingSession } from "../../src/index.js";
import { clientInfo } from "../support/agent.ts";
import { silentServer } from "../support/silent-server.ts";

describe("createAttestingSession", () => {
  test("connects and returns the session with what the server answered", async () => {
    const { transport } = await silentServer();
    const { session, result } = await createAttestingSession({ transport, getToken: () => "a.b.c" });
    expect(result.serverInfo).toEqual({ name: "silent", version: "1" });
    expect(session.getServerVersion()).toEqual(result.serverInfo);
  });

  test("introduces itself by the package's name and the protocol's version, or as it is told", async () => {
    const [unnamed, named] = [await silentServer(), await silentServer()];
    await createAttestingSession({ transport: unnamed.transport, getToken: () => "a.b.c" });
    await createAttestingSession({ transport: named.transport, getToken: () => "a.b.c", clientInfo });
    expect(unnamed.server.getClientVersion()).toEqual({
      name: "@attest/mcp-client",
      version: ATTESTATION_VERSION,
    });
    expect(named.server.getClientVersion()).toEqual(clientInfo);
  });

  test("rejects with a TypeError that names what is missing, unknown or used up", async () => {
    const getToken = () => "a.b.c";
    const { transport } = await silentServer();
    const reconnecting = Object.assign((await silentServer()).transport, { sessionId: "known" });
    const wrong: readonly (readonly [RegExp, unknown])[] = [
      [/takes an object of options, got undefined/, undefined],
      [/createAttestingSession needs a client transport of the MCP SDK, got undefined/, { getToken }],
      [/needs a token source|give either getToken/, { transport }],
      [/unknown option "clientinfo"/, { transport, getToken, clientinfo: clientInfo }],
      [/pass a new transport/, { transport: reconnecting, getToken }],
    ];
    for (const [message, options] of wrong) {
      const error: unknown = await createAttestingSession(options as CreateAttestingSessionOptions).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toHaveProperty("message", expect.stringMatching(message));
    }
  });
});
