import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AgentIdentity } from "../src/identity/agent-identity.js";
import { AgentIntegrity } from "../src/identity/agent-integrity.js";
import { AttestationMetadata, AttestationType, SafetyLevel } from "../src/identity/attestation-metadata.js";
import { KeyPair } from "../src/keys/key-pair.js";
import { AttestationProvider } from "../src/token/attestation-provider.js";
import { TokenType } from "../src/token/token-header.js";
import { trustLevelOf } from "../src/trust.js";
import { attested, ISSUER } from "./support/attested.js";
import { forge, HEADER, PAYLOAD } from "./support/forge.js";

const anyTrustDomain = { trustedIssuers: [{ issuer: ISSUER, trustDomains: null }] };
const anyText = fc.uint16Array({ maxLength: 40 }).map((units) => String.fromCharCode(...units));
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const hash = fc.string({ maxLength: 20 }).map(AgentIntegrity.computeHash);
const spiffeSegment = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const subject = fc
  .tuple(fc.stringMatching(/^[a-z0-9._-]{1,20}$/), fc.array(spiffeSegment, { maxLength: 4 }))
  .map(([trustDomain, path]) => ["spiffe:/", trustDomain, ...path].join("/"));

describe("AttestationVerifier", () => {
  test("verifies no valid token with one of its bytes changed", async () => {
    const { verifier, createToken } = attested({ replayCache: null });
    const token = await createToken();
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    const mutation = fc
      .record({ index: fc.nat(token.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
      .filter(({ index, byte }) => token.charCodeAt(index) !== byte);
    await fc.assert(
      fc.asyncProperty(mutation, async ({ index, byte }) => {
        const mutated = token.slice(0, index) + String.fromCharCode(byte) + token.slice(index + 1);
        expect(await verifier.verify(mutated)).toMatchObject({ verified: false });
      }),
      { numRuns: 1_000 },
    );
  });

  test("verifies no valid token with any one character replaced by its neighbour in base64url", async () => {
    const { verifier, createToken } = attested({ replayCache: null });
    const token = await createToken();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const [index, character] of [...token].entries()) {
      const neighbour = alphabet[alphabet.indexOf(character) ^ 1] ?? "A";
      const mutated = token.slice(0, index) + neighbour + token.slice(index + 1);
      expect(await verifier.verify(mutated)).toMatchObject({ verified: false });
    }
  });

  test("verifies no valid token with something cut out, put in or put twice", async () => {
    const { verifier, createToken } = attested({ replayCache: null });
    const token = await createToken();
    const position = fc.nat(token.length);
    const piece = fc.oneof(
      fc.string({ minLength: 1, maxLength: 5 }),
      fc.constantFrom(".", "=", "A", "\n", " ", "\0"),
    );
    await fc.assert(
      fc.asyncProperty(position, position, piece, async (from, to, inserted) => {
        const changed = [
          token.slice(0, from) + inserted + token.slice(from),
          token.slice(0, from) + token.slice(Math.min(from, to)),
          token.slice(0, Math.min(from, to)) + token.slice(Math.max(from, to)),
        ].filter((text) => text !== token);
        for (const text of changed) expect(await verifier.verify(text)).toMatchObject({ verified: false });
      }),
      { numRuns: 300 },
    );
  });

  test("never throws, whatever the string", async () => {
    const { verifier, createToken } = attested();
    const valid = await createToken();
    const segment = fc.oneof(fc.constantFrom(...valid.split(".")), fc.base64String(), anyText);
    const text = fc.oneof(
      anyText.filter((presented) => presented !== ""),
      fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join(".")),
    );
    await fc.assert(
      fc.asyncProperty(text, async (presented) => {
        fc.pre(presented !== valid);
        expect(await verifier.verify(presented)).toMatchObject({ verified: false });
      }),
      { numRuns: 1_000 },
    );
  });

  test("never throws, whatever JSON a trusted key has signed", async () => {
    const { verifier, keyPair } = attested({ replayCache: null });
    const replaced = fc.constantFrom(...Object.keys(PAYLOAD));
    await fc.assert(
      fc.asyncProperty(
        fc.json(),
        fc.json(),
        replaced,
        fc.jsonValue(),
        async (header, payload, member, value) => {
          for (const token of [
            forge(keyPair, header, payload),
            forge(keyPair, HEADER, payload),
            forge(keyPair, { ...HEADER, typ: value }),
          ]) {
            expect(await verifier.verify(token)).toMatchObject({ verified: false });
          }
          const result = await verifier.verify(forge(keyPair, HEADER, { ...PAYLOAD, [member]: value }));
          expect(result.verified || result.error.endsWith(".")).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("gives back the claims that went into the token", async () => {
    const { clock, keyPair, verifier } = attested({ ...anyTrustDomain, audience: null });
    const options = fc.record(
      {
        identity: fc
          .record({
            modelFamily: name,
            modelVersion: name,
            provider: name,
            deploymentId: fc.option(name, { nil: undefined }),
          })
          .map((identity) => new AgentIdentity(identity)),
        audience: fc.oneof(name, fc.array(name, { minLength: 1, maxLength: 16 })),
        subject,
        integrity: fc.option(
          fc.record({ configHash: hash, systemPromptHash: hash }).map((hashes) => new AgentIntegrity(hashes)),
          { nil: undefined },
        ),
        metadata: fc
          .record({
            attestationType: fc.constantFrom(...Object.values(AttestationType)),
            safetyLevel: fc.constantFrom(...Object.values(SafetyLevel)),
            capabilitiesDeclared: fc.array(fc.string(), { maxLength: 8 }),
          })
          .map((metadata) => new AttestationMetadata(metadata)),
        lifetimeSeconds: fc.integer({ min: 1, max: 900 }),
      },
      { requiredKeys: ["identity", "audience", "subject", "metadata", "lifetimeSeconds"] },
    );
    const how = fc.record({
      algorithm: fc.constantFrom("EdDSA" as const, "Ed25519" as const),
      tokenType: fc.constantFrom(...Object.values(TokenType)),
    });
    await fc.assert(
      fc.asyncProperty(options, how, async (options, { algorithm, tokenType }) => {
        const provider = new AttestationProvider({ issuer: ISSUER, keyPair, clock, algorithm, tokenType });
        const result = await verifier.verify(await provider.createToken(options));
        expect(result).toMatchObject({
          verified: true,
          issuer: ISSUER,
          subject: options.subject,
          trustLevel: trustLevelOf(options.metadata.attestationType),
        });
        const { claims } = result;
        expect(claims?.agentIdentity).toEqual(options.identity);
        expect(claims?.agentIntegrity).toEqual(options.integrity);
        expect(claims?.attestationMetadata).toEqual(options.metadata);
        expect(claims?.aud).toEqual([options.audience].flat());
        expect(claims).toMatchObject({ iat: clock.now(), exp: clock.now() + options.lifetimeSeconds });
      }),
      { numRuns: 150 },
    );
  });

  test("verifies nothing under another key of the same name", async () => {
    const { verifier } = attested({ replayCache: null });
    for (let count = 0; count < 20; count++) {
      expect(await verifier.verify(forge(KeyPair.generate("key-1")))).toMatchObject({ errorCode: 1003 });
    }
  });
});
