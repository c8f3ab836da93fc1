import { describe, expect, test } from "vitest";
import {
  AgentIntegrity,
  AttestationMetadata,
  AttestationVerifier,
  audience,
  composeVerifier,
  defaultChecks,
  InMemoryKeyResolver,
  InMemoryReplayCache,
  issuer,
  lifetime,
  replay,
  signature,
} from "../src/index.js";

const keyResolver = new InMemoryKeyResolver();
const replayCache = new InMemoryReplayCache();
const trustedIssuers = ["https://a.example"];
const options = { trustedIssuers, keyResolver };

/** Misspelt, as only JavaScript lets it pass. */
const misspelt = (build: (wrong: never) => unknown, wrong: unknown) => () => build(wrong as never);

describe("an option whose name is not known", () => {
  test.each([
    ["audience", misspelt(audience, { audiences: ["me"] }), "audiences"],
    ["audience", misspelt(audience, "me"), "takes an object of options, got string"],
    ["lifetime", misspelt(lifetime, { maxLifetime: 60 }), "maxLifetime"],
    ["replay", misspelt(replay, { replayCache, clockSkew: 120 }), "clockSkew"],
    ["issuer", misspelt(issuer, { trustedIssuers, trustLevel: "provider" }), "trustLevel"],
    ["signature", misspelt(signature, { keyResolver, keyTimeout: 1 }), "keyTimeout"],
    [
      "AttestationVerifier",
      misspelt((wrong) => new AttestationVerifier(wrong), { ...options, audiance: "me" }),
      "audiance",
    ],
    ["AttestationVerifier", misspelt(defaultChecks, undefined), "takes an object of options, got undefined"],
    [
      "composeVerifier",
      misspelt((wrong) => composeVerifier(defaultChecks(options), wrong), { polcy: "optional" }),
      "polcy",
    ],
    [
      "AttestationMetadata",
      misspelt((wrong) => new AttestationMetadata(wrong), { atestationType: "enterprise" }),
      "atestationType",
    ],
    ["AgentIntegrity", misspelt((wrong) => new AgentIntegrity(wrong), { promptHash: "x" }), "promptHash"],
    [
      "InMemoryReplayCache",
      misspelt((wrong) => new InMemoryReplayCache(wrong), { maxEntires: 5 }),
      "maxEntires",
    ],
  ])("of %s is a TypeError that names it: %#", (owner, build, named) => {
    expect(build).toThrow(TypeError);
    expect(build).toThrow(owner);
    expect(build).toThrow(named);
  });
});

describe("a value that can only be a mistake", () => {
  test.each([
    [
      "observer",
      misspelt(
        (observer) => new AttestationVerifier({ ...options, observer }),
        () => undefined,
      ),
    ],
    [
      "observer",
      misspelt((observer) => composeVerifier(defaultChecks(options), { observer }), { log: () => undefined }),
    ],
    ["checks", misspelt((checks) => new AttestationVerifier({ ...options, checks }), [() => undefined])],
    ["checks", misspelt((checks) => new AttestationVerifier({ ...options, checks }), lifetime())],
    ["checks", misspelt((checks) => composeVerifier(checks), undefined)],
    ["checks", misspelt((checks) => composeVerifier(checks), [undefined])],
  ])("for %s is a TypeError when the verifier is made: %#", (named, build) => {
    expect(build).toThrow(TypeError);
    expect(build).toThrow(named);
  });
});
