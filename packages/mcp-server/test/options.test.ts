import type { Verifier } from "@attest/core";
import {
  AttestingServer,
  type AttestingServerOptions,
  attestServer,
  type CreateAttestingServerOptions,
  createAttestingServer,
  type GateOptions,
  requireAttestation,
} from "@attest/mcp-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { describe, expect, test } from "vitest";
import { Issuer } from "./support/agents.ts";
import { connectRaw, initializeParams } from "./support/raw-connection.ts";

const verifier = new Issuer().verifier();
const newServer = () => new McpServer({ name: "test", version: "1" });

/** What `work` throws as a TypeError. */
function complaint(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("attestServer", () => {
  const attest = (options: unknown) => complaint(() => attestServer(newServer(), options as GateOptions));

  test("names an option it does not know", () => {
    expect(attest({ verifier, maxQueueMessages: 1 })).toMatch(
      /^attestServer: unknown option "maxQueueMessages"; known options: verifier, /,
    );
  });

  test("says whose an option of the verifier is", () => {
    expect(attest({ verifier, policy: "optional" })).toBe(
      'attestServer: "policy" belongs to the verifier: new AttestationVerifier({ policy: … })',
    );
  });

  test("refuses options that are none", () => {
    for (const options of [undefined, null, "options", [verifier]]) {
      expect(attest(options)).toMatch(/^attestServer takes an object of options/);
    }
    expect(complaint(() => attestServer(undefined as never, { verifier }))).toBe(
      "server must be an McpServer or a Server of the MCP SDK, got undefined",
    );
  });

  test("refuses a verifier that lacks what the gate decides by", () => {
    const { policy, trustedIssuers, requiredClaims } = verifier;
    const whole = { policy, trustedIssuers, requiredClaims, verify: verifier.verify };
    const { policy: _, ...withoutPolicy } = whole;
    expect(attest({ verifier: withoutPolicy })).toMatch(/^verifier.policy must be one of .*, got undefined$/);
    expect(attest({ verifier: { ...whole, policy: "requird" } })).toMatch(/got requird$/);
    expect(attest({ verifier: { ...whole, trustedIssuers: undefined } })).toMatch(/^verifier.trustedIssuers/);
    expect(attest({ verifier: { ...whole, requiredClaims: [7] } })).toMatch(/^verifier.requiredClaims/);
  });

  test("refuses callbacks that cannot be called", () => {
    expect(attest({ verifier, onUnattested: "log" })).toBe("onUnattested must be a function, got string");
    expect(attest({ verifier, onUnattested: null })).toBe("onUnattested must be a function, got null");
    expect(attest({ verifier, observer: () => undefined })).toMatch(/^observer must have a method record/);
    expect(attest({ verifier, clock: {} })).toMatch(/^clock must have a method now/);
  });
});

describe("createAttestingServer", () => {
  const create = (...args: readonly unknown[]) =>
    complaint(() => createAttestingServer(...(args as Parameters<typeof createAttestingServer>)));

  test("names a misspelt option and the one that was probably meant", () => {
    for (const [name, meant] of [
      ["sessionLifetme", "sessionLifetime"],
      ["onUnatested", "onUnattested"],
      ["clockSkew", "clockSkewSeconds"],
      ["timeoutSeconds", "verificationTimeoutSeconds"],
      ["observers", "observer"],
      ["Instructions", "instructions"],
      ["versions", "version"],
      ["rule", "rules"],
      ["toolRules", "rules"],
    ]) {
      expect(create("test", verifier, { [name as string]: "x" })).toBe(
        `createAttestingServer: unknown option "${name}"; did you mean "${meant}"?`,
      );
    }
  });

  test("says whose an option of the verifier is", () => {
    for (const name of ["policy", "audience", "trustedIssuers", "replayCache"]) {
      expect(create("test", verifier, { [name]: "x" })).toMatch(`"${name}" belongs to the verifier`);
    }
  });

  test("says that the verifier is the second argument", () => {
    const hint = /^createAttestingServer takes the verifier itself as its second argument/;
    expect(create("test", { verifier })).toMatch(hint);
    expect(create("test", verifier, { verifier })).toMatch(hint);
    expect(create("test")).toMatch(/^verifier must be an AttestationVerifier .* got undefined$/);
  });

  test("takes a verifier that wraps another", () => {
    const { policy, trustedIssuers, requiredClaims } = verifier;
    const wrapping = { policy, trustedIssuers, requiredClaims, verify: verifier.verify, verifier };
    expect(createAttestingServer("test", wrapping)).toBeInstanceOf(AttestingServer);
  });

  test("refuses a server without a name, and a version beside a serverInfo", () => {
    for (const serverInfo of [undefined, null, "", 7, { name: "test" }, { version: "1" }]) {
      expect(create(serverInfo, verifier)).toMatch(/^serverInfo must be a name, or an object/);
    }
    expect(create({ name: "test", version: "1" }, verifier, { version: "2" })).toMatch(/^version goes with/);
    expect(create("test", verifier, { version: 2 })).toMatch(/^serverInfo must be/);
    expect(create("test", verifier, null)).toMatch(/takes an object of options, got null/);
  });

  test("hands the SDK its options, and those of a newer SDK", async () => {
    const options = { instructions: "Ask nicely.", somethingNew: true, maxQueuedMessages: 3, version: "2" };
    const issuer = new Issuer();
    const server = createAttestingServer("test", issuer.verifier(), options as CreateAttestingServerOptions);
    const { request } = await connectRaw(server);
    await expect(request("initialize", initializeParams(await issuer.token()))).resolves.toMatchObject({
      result: { instructions: "Ask nicely.", serverInfo: { name: "test", version: "2" } },
    });
  });
});

describe("AttestingServer", () => {
  const construct = (serverInfo: unknown, options: unknown) =>
    complaint(() => new AttestingServer(serverInfo as never, options as AttestingServerOptions));

  test("refuses what createAttestingServer refuses", () => {
    const serverInfo = { name: "test", version: "1" };
    expect(construct(undefined, { verifier })).toMatch(/^serverInfo must be/);
    expect(construct(serverInfo, undefined)).toMatch(/^AttestingServer takes an object of options/);
    expect(construct(serverInfo, {})).toMatch(/^verifier must be an AttestationVerifier/);
    expect(construct(serverInfo, { verifier: {} as Verifier })).toMatch(/^verifier must be/);
    expect(construct(serverInfo, { verifier, onUnatested: () => undefined })).toMatch(/did you mean/);
    expect(construct(serverInfo, { verifier, policy: "optional" })).toMatch(/belongs to the verifier/);
  });
});

describe("requireAttestation", () => {
  const guard = (requirement: unknown) =>
    complaint(() => requireAttestation(requirement as never, () => undefined));

  test("names a requirement it does not know, and refuses what is no requirement", () => {
    expect(guard({ trustLevl: "provider" })).toBe(
      'requireAttestation: unknown option "trustLevl"; known options: trustLevel, issuer, check',
    );
    for (const requirement of ["provider", null, ["provider"], () => true]) {
      expect(guard(requirement)).toMatch(/^requireAttestation takes an object/);
    }
    expect(guard({ issuer: 7 })).toMatch(/^issuer must be/);
    expect(guard({ issuer: [""] })).toMatch(/^issuer must be/);
  });

  test("takes a requirement whose members are undefined for one without them", () => {
    const handler = () => undefined;
    expect(requireAttestation({ trustLevel: undefined, check: undefined }, handler)).toBeTypeOf("function");
  });
});
