import {
  AttestationErrorCode,
  composeVerifier,
  defineCheck,
  type VerificationPolicy,
  type VerificationResult,
  type Verifier,
} from "@attest/core";
import type { CreateAttestingServerOptions, GateEvent } from "@attest/mcp-server";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, test, vi } from "vitest";
import { Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";
import { createWeatherServer } from "./support/weather-server.ts";

/*
 * Vitest fails the run on any unhandled rejection, so every test here also says that there is none.
 */

const INTERNAL_ERROR = { error: { code: -32603, message: "Internal error" } };
const codeOf = (message: JSONRPCMessage) => ("error" in message ? message.error.code : undefined);

const bug = () => {
  throw new Error("a bug of the user's");
};

/** A verifier that answers `answer`, whatever that is. */
function answering(answer: unknown, policy: VerificationPolicy): Verifier {
  const signature = defineCheck("signature", () => undefined);
  return { ...composeVerifier([signature], { policy }), verify: async () => answer as VerificationResult };
}

/** A weather server, its `onerror` calls and its events, and a connection to it. */
async function open(
  verifier: Verifier,
  options: CreateAttestingServerOptions = {},
  prepare?: (serverSide: Transport) => void,
) {
  const events: GateEvent[] = [];
  const observer = { record: (event: GateEvent) => void events.push(event) };
  const server = createWeatherServer(verifier, { observer, ...options });
  const errors: string[] = [];
  server.server.onerror = ({ message }) => errors.push(message);
  return { events, errors, server, ...(await connectRaw(server, prepare)) };
}

describe("AttestationGate, when a callback fails,", () => {
  const failing: readonly (readonly [string, () => void])[] = [
    ["throws", bug],
    ["rejects", () => Promise.reject(new Error("a bug of the user's"))],
  ];
  test.each(failing)(
    "goes on as preferred says, and reports that onUnattested %s",
    async (_, onUnattested) => {
      const { request, errors, events } = await open(new Issuer().verifier({ policy: "preferred" }), {
        onUnattested,
      });
      await expect(request("initialize", initializeParams())).resolves.toHaveProperty("result");
      await expect(request("tools/call", { name: "sky" })).resolves.toHaveProperty("result.content");
      expect(errors).toEqual(["onUnattested failed"]);
      expect(events).toContainEqual({
        type: "gate_error",
        detail: "onUnattested failed",
        cause: ["Error: a bug of the user's"],
      });
    },
  );
});

describe("AttestationGate, whatever the verifier answers,", () => {
  const claims = { exp: 1, jti: "j", raw: {} };
  const verified = { verified: true, trustLevel: "provider", issuer: "i", subject: "s", claims };
  const nonsense: readonly (readonly [string, unknown])[] = [
    ["undefined", undefined],
    ["null", null],
    ["an empty object", {}],
    ["true", true],
    ["a truthy verified", { ...verified, verified: "yes" }],
    ["verified without claims", { ...verified, claims: null }],
    ["verified with claims that never expire", { ...verified, claims: { ...claims, exp: undefined } }],
    ["verified at an unknown trust level", { ...verified, trustLevel: "root" }],
    ["a refusal with an unknown code", { verified: false, accepted: true, error: "no", errorCode: 7 }],
    ["a refusal that does not say whether it is one", { verified: false, error: "no", errorCode: 1003 }],
  ];

  test.each(nonsense)("refuses %s under required as an internal error", async (_, answer) => {
    const { request, isClosed, errors } = await open(answering(answer, "required"));
    await expect(request("initialize", initializeParams("a.b.c"))).resolves.toMatchObject(INTERNAL_ERROR);
    await vi.waitFor(() => expect(isClosed()).toBe(true));
    expect(errors).toEqual(["the verifier failed"]);
  });

  test.each(nonsense)("lets no call through a guard after %s under optional", async (_, answer) => {
    const { request } = await open(answering(answer, "optional"));
    await request("initialize", initializeParams("a.b.c"));
    expect(codeOf(await request("tools/call", { name: "steer-clouds" }))).toBe(
      AttestationErrorCode.ATTESTATION_REQUIRED,
    );
  });

  test("refuses a session that the verifier does not accept, though its policy be optional", async () => {
    const answer = { verified: false, accepted: false, error: "no", errorCode: 1004 };
    const { request, isClosed } = await open(answering(answer, "optional"));
    expect(codeOf(await request("initialize", initializeParams("a.b.c")))).toBe(1004);
    await vi.waitFor(() => expect(isClosed()).toBe(true));
  });

  test("refuses a session that the verifier accepts unverified, when its policy is required", async () => {
    const answer = { verified: false, accepted: true, error: "no", errorCode: 1004 };
    const { request, isClosed } = await open(answering(answer, "required"));
    expect(codeOf(await request("initialize", initializeParams("a.b.c")))).toBe(1004);
    await vi.waitFor(() => expect(isClosed()).toBe(true));
  });

  test("takes a policy that is lost later for required", async () => {
    const verifier: { -readonly [Name in keyof Verifier]: Verifier[Name] } = {
      ...new Issuer().verifier({ policy: "optional" }),
      verify: async () => ({
        verified: false,
        accepted: true,
        trustLevel: "none",
        issuer: null,
        subject: null,
        claims: null,
        error: "no",
        errorCode: 1009,
        failedCheck: "presented",
        challenge: null,
      }),
    };
    const { request } = await open(verifier);
    verifier.policy = undefined as unknown as VerificationPolicy;
    expect(codeOf(await request("initialize", initializeParams()))).toBe(1009);
  });

  test("refuses when the verifier throws something that is no error, and onerror throws too", async () => {
    const verifier: Verifier = { ...answering({}, "required"), verify: () => Promise.reject("a string") };
    const { request, server, isClosed } = await open(verifier);
    server.server.onerror = bug;
    await expect(request("initialize", initializeParams("a.b.c"))).resolves.toMatchObject(INTERNAL_ERROR);
    await vi.waitFor(() => expect(isClosed()).toBe(true));
  });
});

describe("AttestationGate, when the connection fails,", () => {
  test("answers an initialize that cannot be handed on with an internal error, and closes", async () => {
    const issuer = new Issuer();
    const { request, isClosed, errors } = await open(issuer.verifier(), {}, (serverSide) => {
      serverSide.onmessage = bug;
    });
    await expect(request("initialize", initializeParams(await issuer.token()))).resolves.toMatchObject(
      INTERNAL_ERROR,
    );
    await vi.waitFor(() => expect(isClosed()).toBe(true));
    expect(errors).toEqual(["initialize could not be handed to the server"]);
  });

  test("fails a message that had waited and cannot be handed on, and lets those behind it through", async () => {
    const issuer = new Issuer();
    const { request, errors } = await open(issuer.verifier(), {}, (serverSide) => {
      serverSide.onmessage = (message) => {
        if ("method" in message && message.method === "prompts/list") bug();
      };
    });
    const initialize = request("initialize", initializeParams(await issuer.token()));
    const [failing, waiting] = [request("prompts/list"), request("tools/list")];
    await initialize;
    await expect(failing).resolves.toMatchObject(INTERNAL_ERROR);
    await expect(waiting).resolves.toHaveProperty("result.tools");
    expect(errors).toEqual(["a message that had waited could not be handed to the server"]);
  });

  test("reports that the connection of a refused session cannot be closed", async () => {
    const { request, errors } = await open(new Issuer().verifier(), {}, (serverSide) => {
      const close = serverSide.close.bind(serverSide);
      serverSide.close = async () => {
        serverSide.close = close;
        throw new Error("stuck");
      };
    });
    expect(codeOf(await request("initialize", initializeParams()))).toBe(1009);
    await vi.waitFor(() =>
      expect(errors).toEqual(["the connection of a refused session could not be closed"]),
    );
  });

  test("closes when a refusal cannot be sent", async () => {
    const { request, isClosed, errors } = await open(new Issuer().verifier(), {}, (serverSide) => {
      serverSide.send = () => Promise.reject(new Error("broken pipe"));
    });
    void request("initialize", initializeParams());
    await vi.waitFor(() => expect(isClosed()).toBe(true));
    expect(errors).toEqual(["an answer could not be delivered"]);
  });

  test("closes when the answer to initialize cannot be sent", async () => {
    const issuer = new Issuer();
    const { request, isClosed } = await open(issuer.verifier(), {}, (serverSide) => {
      serverSide.send = () => Promise.reject(new Error("broken pipe"));
    });
    void request("initialize", initializeParams(await issuer.token()));
    await vi.waitFor(() => expect(isClosed()).toBe(true));
  });
});
