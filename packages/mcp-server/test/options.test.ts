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

/** Returns the message of the TypeError that `work` throws. */
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
    expect(attest({ verifier, retries: 1 })).toMatch(
      /^attestServer: unknown option "retries"; known options: verifier, /,
    );
    expect(attest({ verifier, maxQueueMessages: 1 })).toMatch(
      /^attestServer: unknown option "maxQueueMessages"; did you mean "maxQueuedMessages"\?$/,
    );
  });

  test("refuses rules that are undefined or a Map", () => {
    expect(attest({ verifier, rules: undefined })).toMatch(/^attestServer: rules is present but undefined/);
    expect(attest({ verifier, rules: new Map() })).toBe("rules takes an object of options, got a Map");
  });

  test("says where a requirement belongs that would guard nothing", () => {
    expect(attest({ verifier, tools: { a: {} } })).toBe(
      'attestServer: "tools" belongs to the rules: rules: { tools: { name: requirement } }',
    );
    for (const name of ["attestation", "trustLevel", "check"]) {
      expect(attest({ verifier, [name]: {} })).toMatch(`attestServer: "${name}" guards nothing here`);
    }
    expect(attest({ verifier, instructions: "a" })).toBe(
      'attestServer: "instructions" belongs to the SDK\'s server: new McpServer(serverInfo, { instructions: … })',
    );
  });

  test("says whose an option of the verifier is", () => {
    for (const name of ["clock", "clockSkewSeconds"]) {
      expect(attest({ verifier, [name]: 30 })).toMatch(`"${name}" belongs to the verifier`);
    }
    expect(attest({ verifier, policy: "optional" })).toBe(
      'attestServer: "policy" belongs to the verifier: new AttestationVerifier({ policy: … })',
    );
  });

  test("refuses options that are no object", () => {
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
    expect(attest({ verifier: { ...whole, policy: "requird" } })).toMatch(/got "requird"$/);
    expect(attest({ verifier: { ...whole, trustedIssuers: undefined } })).toMatch(/^verifier.trustedIssuers/);
    expect(attest({ verifier: { ...whole, requiredClaims: [7] } })).toMatch(/^verifier.requiredClaims/);
    expect(attest({ verifier: { ...whole, clock: {} } })).toMatch(/^verifier.clock must be a Clock/);
    expect(attest({ verifier: { ...whole, clock: Date.now } })).toMatch(/^verifier.clock must be a Clock/);
    expect(() => attestServer(newServer(), { verifier: { ...whole, clockSkewSeconds: -1 } })).toThrow(
      /^verifier.clockSkewSeconds must be a number of seconds/,
    );
  });

  test("says how a verifier is given that came in place of the options", () => {
    expect(attest(verifier as never)).toBe(
      "attestServer takes the verifier as one of its options: { verifier }",
    );
  });

  test.each([
    [{ resources: { "": {} } }, "rules.resources has an empty name"],
    [{ tools: { "": {} } }, "rules.tools has an empty name"],
    [{ resources: { secret: {} } }, 'rules.resources: "secret" would match nothing'],
    [{ resources: { "Not a uri": {} } }, 'rules.resources: "Not a uri" would match nothing'],
  ])("refuses rules that nothing can meet: %j", (rules, message) => {
    expect(attest({ verifier, rules })).toContain(message);
  });

  test("refuses callbacks that cannot be called", () => {
    expect(attest({ verifier, onUnattested: "log" })).toBe("onUnattested must be a function, got string");
    expect(attest({ verifier, onUnattested: null })).toBe("onUnattested must be a function, got null");
    expect(attest({ verifier, observer: () => undefined })).toMatch(
      /^observer must be an AttestationObserver/,
    );
  });
});

describe("createAttestingServer", () => {
  const create = (...args: readonly unknown[]) =>
    complaint(() => createAttestingServer(...(args as Parameters<typeof createAttestingServer>)));

  test("names a misspelt option and the one that was probably meant", () => {
    for (const [name, meant] of [
      ["sessionLifetme", "sessionLifetime"],
      ["onUnatested", "onUnattested"],
      ["timeoutSeconds", "verificationTimeoutSeconds"],
      ["observers", "observer"],
      ["serverOption", "serverOptions"],
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
    for (const name of ["policy", "audience", "trustedIssuers", "replayCache", "clock", "clockSkewSeconds"]) {
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
    expect(create("test", verifier, { version: 2 })).toMatch(/^version must be a non-empty string/);
    expect(create("test", verifier, null)).toMatch(/takes an object of options, got null/);
  });

  test("says where the SDK's options and requirements belong", () => {
    expect(create("test", verifier, { capabilities: {} })).toBe(
      'createAttestingServer: "capabilities" belongs to the SDK\'s server: serverOptions: { capabilities: … }',
    );
    expect(create("test", verifier, { attestation: {} })).toMatch(/"attestation" guards nothing here/);
    expect(create("test", verifier, { tools: {} })).toMatch(/"tools" belongs to the rules/);
    expect(create("test", verifier, { somethingNew: true })).toMatch(/unknown option "somethingNew"/);
    expect(create("test", verifier, { serverOptions: [] })).toMatch(/^serverOptions must be an object/);
  });

  test.each([
    "rules",
    "hideDenied",
    "sessionLifetime",
    "policy",
    "audience",
    "tools",
    "attestation",
    "trustLevel",
  ])("refuses %s among the SDK's options, where nobody would read it", (name) => {
    for (const value of [{}, undefined]) {
      const serverOptions = { [name]: value };
      expect(create("test", verifier, { serverOptions })).toMatch(`serverOptions: "${name}" is no option`);
      expect(
        complaint(() => new AttestingServer({ name: "n", version: "1" }, { verifier, serverOptions })),
      ).toMatch(`serverOptions: "${name}" is no option`);
    }
  });

  test("hands the SDK its options, and those of a newer SDK", async () => {
    const serverOptions = { instructions: "Ask nicely.", somethingNew: true };
    const options = { serverOptions, maxQueuedMessages: 3, version: "2" };
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
      'requireAttestation: unknown option "trustLevl"; did you mean "trustLevel"?',
    );
    for (const requirement of ["provider", null, ["provider"], () => true]) {
      expect(guard(requirement)).toMatch(/^requireAttestation takes an object/);
    }
    expect(guard({ issuer: 7 })).toMatch(/^issuer must be/);
    expect(guard({ issuer: [""] })).toMatch(/^issuer must be/);
  });

  test("refuses a member that is present and undefined: it would ask for less than was meant", () => {
    for (const name of [
      "trustLevel",
      "issuer",
      "subject",
      "provider",
      "model",
      "safetyLevel",
      "capability",
      "check",
    ]) {
      expect(guard({ [name]: undefined })).toBe(
        `requireAttestation: ${name} is present but undefined: leave it out, or give it a value`,
      );
    }
    expect(requireAttestation(undefined, () => undefined)).toBeTypeOf("function");
  });

  test.each([
    [{ issuer: "https://*.example" }, /^issuer is compared exactly/],
    [{ provider: "anthropic*" }, /^provider is compared exactly/],
    [{ capability: [] }, /^capability must be a string or a list of strings/],
    [{ subject: [""] }, /^subject must be a string/],
    [
      { subject: "agent/support" },
      /^subject is a SPIFFE ID, spiffe:\/\/…: "agent\/support" would match no agent/,
    ],
    [{ subject: ["spiffe://a.example/*", "SPIFFE://a.example/b"] }, /^subject is a SPIFFE ID/],
    [{ model: /claude/ }, /^model must be a string or a list of strings, got a RegExp/],
    [{ safetyLevel: "high" }, /^safetyLevel must be one of standard, enhanced, minimal, got "high"/],
    [{ safetyLevel: ["standard", "high"] }, /^safetyLevel must be one of/],
    [{ trustLevel: "root" }, /^trustLevel must be one of provider, enterprise, none/],
    [new Map([["trustLevel", "provider"]]), /takes an object of options, got a Map/],
  ])("refuses %j", (requirement, message) => {
    expect(guard(requirement)).toMatch(message);
  });
});
