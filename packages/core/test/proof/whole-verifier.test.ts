import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { ProvenRequest } from "../../src/proof/request-hash.js";
import { AUDIENCE, NOW } from "../support/attested.js";
import { bound } from "../support/bound.js";
import { hashOf } from "../support/canonical.js";

/*
 * The protocol's promise as properties of the whole verifier: a proof is good for one request to one server, with one
 * token, by one key, for about a minute. Whatever is changed makes it worthless.
 */

const OTHER = "https://other.example";
const named = fc.string({ minLength: 1, maxLength: 12 }).filter((name) => !name.includes("__proto__"));
const request = fc.record({
  method: fc.constantFrom("tools/call", "tools/list", "resources/read", "initialize"),
  params: fc.record(
    {
      name: named,
      arguments: fc.dictionary(named, fc.jsonValue({ depthSize: "small" }), { maxKeys: 4 }),
      _meta: fc.record({ progressToken: fc.nat(), "io.example/x": fc.string() }, { requiredKeys: [] }),
    },
    { requiredKeys: ["name"] },
  ),
});
const hasForm = ({ params }: ProvenRequest): boolean => !JSON.stringify(params).includes("__proto__");

/** One of the ways in which a proof is carried off: each changes one thing. */
const change = fc.constantFrom("method", "arguments", "audience", "token", "key", "time", "proof", "issuer");

describe("a bound token with its proof", () => {
  test("verifies for the request that it was made for, whatever that is", async () => {
    const { prove, present } = await bound();
    await fc.assert(
      fc.asyncProperty(request.filter(hasForm), async (request) => {
        const sent = JSON.parse(JSON.stringify(request)) as ProvenRequest;
        expect(await present(await prove({ request }), { request: sent })).toMatchObject({ verified: true });
      }),
      { numRuns: 300 },
    );
  });

  test("verifies for no other: any change to method, arguments, audience, token, time or key makes it fail", async () => {
    const sides = await bound({ audience: [AUDIENCE, OTHER] });
    const { clock, verifier, createToken, prove, present, token } = sides;
    const anotherToken = await createToken({ confirmationKey: sides.agentKey.publicKey });
    const sameKeyElsewhere = await createToken({ confirmationKey: KeyPair.generate().publicKey });
    const { verifier: elsewhere } = await bound({ audience: OTHER, keyResolver: sides.keyResolver, clock });
    const differently = fc.oneof(
      fc.double({ min: 90.001, max: 1e6 }),
      fc.double({ min: -1e6, max: -31.001 }),
    );

    await fc.assert(
      fc.asyncProperty(
        request.filter(hasForm),
        request.filter(hasForm),
        change,
        differently,
        fc.nat(),
        async (request, other, what, seconds, at) => {
          const proof = await prove({ request });
          const expectRefused = async (verdict: ReturnType<typeof present>, code: number) =>
            expect(await verdict).toMatchObject({ verified: false, errorCode: code });
          switch (what) {
            case "method":
              await expectRefused(
                present(proof, { request: { ...request, method: `${request.method}x` } }),
                1012,
              );
              break;
            case "arguments":
              fc.pre(hashOf({ ...request, method: "x" }) !== hashOf({ ...other, method: "x" }));
              await expectRefused(present(proof, { request: { ...request, params: other.params } }), 1012);
              break;
            case "audience":
              await expectRefused(elsewhere.verify(token, { proof, request }), 1005);
              break;
            case "token":
              await expectRefused(verifier.verify(anotherToken, { proof, request }), 1012);
              await expectRefused(verifier.verify(sameKeyElsewhere, { proof, request }), 1012);
              break;
            case "key":
              await expectRefused(present(sides.forgeProof({}, { key: KeyPair.generate() })), 1012);
              break;
            case "time": {
              const made = await prove({ request, clock: { now: () => NOW - seconds } });
              await expectRefused(present(made, { request }), 1012);
              break;
            }
            case "proof": {
              const index = at % proof.length;
              const character = proof[index] === "A" ? "B" : "A";
              const changed = proof.slice(0, index) + character + proof.slice(index + 1);
              await expectRefused(present(changed, { request }), 1012);
              break;
            }
            default: {
              const [, payload] = token.split(".");
              const forged = `${token.split(".")[0]}.${payload}.${"A".repeat(86)}`;
              await expectRefused(verifier.verify(forged, { proof, request }), 1003);
            }
          }
          // None of that has used it up.
          expect(await present(proof, { request })).toMatchObject({ verified: true });
          await expectRefused(present(proof, { request }), 1006);
        },
      ),
      { numRuns: 600 },
    );
  });

  test("verifies with no one of the proof's bytes changed", async () => {
    const { prove, present } = await bound({ replayCache: null });
    const proof = await prove();
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const [index, character] of [...proof].entries()) {
      const neighbour = alphabet[alphabet.indexOf(character) ^ 1] ?? "A";
      const changed = proof.slice(0, index) + neighbour + proof.slice(index + 1);
      expect(await present(changed)).toMatchObject({ verified: false, errorCode: 1012 });
    }
    expect(await present(proof)).toMatchObject({ verified: true });
  });

  test("never makes the verifier throw, whatever text stands in the proof's place", async () => {
    const { prove, present } = await bound();
    const pieces = (await prove()).split(".");
    const piece = fc.oneof(fc.constantFrom(...pieces), fc.base64String(), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (parts) => {
        const proof = parts.join(".");
        fc.pre(proof !== pieces.join("."));
        expect(await present(proof)).toMatchObject({
          verified: false,
          errorCode: 1012,
          failedCheck: "proof",
        });
      }),
      { numRuns: 500 },
    );
  });

  test("never makes the verifier throw, whatever JSON the agent's key has signed", async () => {
    const { forgeProof, present } = await bound({ replayCache: null });
    const name = fc.constantFrom("aud", "iat", "jti", "wth", "req", "htu", "nonce", "ath", "exp", "x");
    await fc.assert(
      fc.asyncProperty(name, fc.jsonValue(), async (name, value) => {
        const { verified, errorCode } = await present(forgeProof({ [name]: value }));
        expect(verified || errorCode === 1012).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
