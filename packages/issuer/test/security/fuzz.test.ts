import { FixedClock } from "@attest/core/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { explain, readTrustPolicy, TrustPolicyError } from "../../src/index.js";
import { ISSUER, issuing, plainClaims, plainPolicy } from "../support/issuing.ts";
import { startPlatform } from "../support/platform-server.ts";
import { signingKey } from "../support/signing-key.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);
const IDP = "https://idp.corp.example";
const clock = new FixedClock();

/*
 * A second rule engine, as plain as can be: patterns as they stand in the policy, globs as regular expressions.
 */
type Written = string | number | boolean | readonly Written[] | { readonly [name: string]: Written };

function naiveMatch(wanted: Written, actual: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(actual) && wanted.every((entry) => actual.some((other) => naiveMatch(entry, other)));
  if (typeof wanted !== "object") return Object.is(wanted, actual) || (wanted === 0 && actual === 0);
  const names = Object.keys(wanted);
  const { glob } = wanted as { readonly glob?: string };
  if (names.length === 1 && glob !== undefined)
    return typeof actual === "string" && naiveGlob(glob).test(actual);
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return false;
  return naiveMatchAll(wanted as Readonly<Record<string, Written>>, actual as Record<string, unknown>);
}

function naiveMatchAll(
  wanted: Readonly<Record<string, Written>>,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => name in claims && naiveMatch(value, claims[name]));
}

function naiveGlob(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
  return new RegExp(`^${parts.join("[A-Za-z0-9_-]+")}$(?![\\s\\S])`);
}

// Few letters and names, so that what is asked for and what is there often meet.
const word = fc.stringMatching(/^[ab./-]{1,5}$/);
const name = fc.constantFrom("sub", "ref", "k", "kubernetes.io", "groups", "toString");
const glob = fc
  .stringMatching(/^[ab./-]{0,2}(?:\*[ab./-]{1,2}){0,3}\*?$/)
  .filter((text) => text.includes("*"));
const scalar: fc.Arbitrary<Written> = fc.oneof(word, fc.integer({ min: -3, max: 3 }), fc.boolean());
const { written } = fc.letrec<{ written: Written }>((tie) => ({
  written: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    glob.map((text) => ({ glob: text })),
    fc.array(tie("written"), { minLength: 1, maxLength: 2 }),
    fc.dictionary(name, tie("written"), { minKeys: 1, maxKeys: 2 }),
  ),
}));
const { claim } = fc.letrec<{ claim: unknown }>((tie) => ({
  claim: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.constant(null),
    fc.array(tie("claim"), { maxLength: 3 }),
    fc.dictionary(name, tie("claim"), { maxKeys: 3 }),
  ),
}));
const rule = fc.record({
  claims: fc.dictionary(name, written, { minKeys: 1, maxKeys: 2 }),
  audiences: fc.array(fc.oneof(word, glob), { minLength: 1, maxLength: 2 }),
});

/** Makes a claim that meets what a rule asks, or almost: pure chance seldom would. */
function meeting(wanted: Written): unknown {
  if (Array.isArray(wanted)) return wanted.map(meeting);
  if (typeof wanted !== "object") return wanted;
  const { glob: text } = wanted as { readonly glob?: string };
  if (typeof text === "string") return text.replaceAll("*", "ab");
  return Object.fromEntries(Object.entries(wanted).map(([member, value]) => [member, meeting(value)]));
}

describe("the rule engine and a plain second one agree", () => {
  test("on which rule allows which claims which audience", () => {
    let allowed = 0;
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        fc.dictionary(name, claim, { maxKeys: 4 }),
        fc.nat({ max: 3 }),
        word,
        (rules, noise, met, audience) => {
          const template = (plainPolicy(IDP) as { rules: object[] }).rules[0];
          const policy = readTrustPolicy({
            platforms: { corp: { issuer: IDP, audience: ISSUER } },
            rules: rules.map((written, index) => ({ ...template, ...written, name: `rule-${index}` })),
          });
          const chosen = rules[met];
          const claims: Record<string, unknown> = {
            sub: "a",
            ...noise,
            ...(chosen === undefined ? {} : (meeting(chosen.claims) as object)),
            iss: IDP,
          };
          const asked = chosen?.audiences[0]?.replaceAll("*", "a") ?? audience;
          const expected = rules.findIndex(
            ({ claims: wanted, audiences }) =>
              naiveMatchAll(wanted, Object.assign(Object.create(null), claims)) &&
              audiences.some((pattern) => naiveGlob(pattern).test(asked)),
          );
          const { rule: decided } = explain(policy, claims, { audience: asked, clock });
          expect(decided).toBe(expected === -1 ? null : `rule-${expected}`);
          if (decided !== null) allowed++;
        },
      ),
      { numRuns: RUNS },
    );
    // Or the engines would agree on nothing but refusals.
    expect(allowed).toBeGreaterThan(RUNS / 10);
  });
});

describe("whatever is written as a policy", () => {
  test("is read, or refused with a reason, and never anything else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.object()), (document) => {
        try {
          readTrustPolicy(document);
        } catch (error) {
          expect(error).toBeInstanceOf(TrustPolicyError);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("with one member replaced, is never looser than before by mistake", () => {
    const right = plainPolicy(IDP) as { platforms: { corp: object }; rules: [Record<string, unknown>] };
    const junk = fc.oneof(fc.constant(null), fc.string(), fc.integer(), fc.object(), fc.array(fc.string()));
    const members = Object.keys(right.rules[0]);
    fc.assert(
      fc.property(fc.constantFrom(...members), junk, (member, value) => {
        const changed = structuredClone(right);
        changed.rules[0][member] = value;
        let policy: ReturnType<typeof readTrustPolicy>;
        try {
          policy = readTrustPolicy(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(TrustPolicyError);
          return;
        }
        const other = plainClaims(IDP, clock.now(), { sub: "other" }) as Record<string, unknown>;
        const { rule } = explain(policy, other, { clock });
        // What was put there may match by itself, and nothing else may.
        expect(rule === null || member === "claims").toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});

test("no change of a valid token's bytes, nor of its claims under another's signature, gives an attestation", async () => {
  const key = await signingKey();
  const server = await startPlatform(key);
  const { exchange, clock } = issuing(plainPolicy(server.issuer));
  const token = await key.sign(plainClaims(server.issuer, clock.now()));
  expect((await exchange(token)).status).toBe(200);
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: token.length - 1 }),
      fc.constantFrom(..."ABab01-_.=+/ \n\0é"),
      fc.constantFrom("replace", "insert", "delete"),
      async (at, character, how) => {
        const after = token.slice(how === "insert" ? at : at + 1);
        const changed = token.slice(0, at) + (how === "delete" ? "" : character) + after;
        fc.pre(changed !== token);
        expect((await exchange(changed)).status).toBe(400);
      },
    ),
    { numRuns: RUNS },
  );
});

test("no request, whatever its parameters, is answered with anything but an OAuth error, and none rejects", async () => {
  const { exchange } = issuing(plainPolicy(IDP));
  const parameter = fc.constantFrom(
    "grant_type",
    "subject_token",
    "subject_token_type",
    "audience",
    "confirmation_key",
  );
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.dictionary(parameter, fc.string()), async (token, changes) => {
      const { status, body } = await exchange(token, changes);
      expect(status).toBe(400);
      expect(Object.keys(body)).toEqual(["error", "error_description"]);
    }),
    { numRuns: RUNS },
  );
});
