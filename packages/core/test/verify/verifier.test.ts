import { describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.js";
import { AttestationError } from "../../src/errors.js";
import type { TokenEvent } from "../../src/events.js";
import { InMemoryKeyResolver } from "../../src/keys/in-memory-key-resolver.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { VerificationPolicy } from "../../src/policy.js";
import { FixedClock } from "../../src/testing.js";
import { defaultChecks } from "../../src/verify/attestation-verifier.js";
import { type Check, defineCheck, type VerificationContext } from "../../src/verify/check.js";
import { requiredClaims } from "../../src/verify/checks/claims.js";
import { lifetime } from "../../src/verify/checks/lifetime.js";
import { insertBefore } from "../../src/verify/compose.js";
import { composeVerifier, type VerifierOptions } from "../../src/verify/verifier.js";
import { AUDIENCE, attested, ISSUER, NOW, Recorder, refusal, SUBJECT } from "../support/attested.js";

const pass = (name: string): Check => defineCheck(name, () => {});
const refuse = (name: string, error: unknown): Check =>
  defineCheck(name, () => {
    throw error;
  });
const signed = pass("signature");
const clock = new FixedClock(NOW);
const { createToken } = attested();
const verifier = (checks: readonly Check[], options: VerifierOptions = {}) =>
  composeVerifier(checks, { clock, ...options });

describe("composeVerifier", () => {
  test("tells the clock and the skew that it goes by, and refuses an invalid skew", () => {
    expect(composeVerifier([signed], { clock, clockSkewSeconds: 5 })).toMatchObject({
      clock,
      clockSkewSeconds: 5,
    });
    expect(composeVerifier([signed])).toMatchObject({ clock: systemClock, clockSkewSeconds: 30 });
    expect(() => composeVerifier([signed], { clockSkewSeconds: -1 })).toThrow(/^clockSkewSeconds must be/);
  });

  test.each([
    ["false", () => false],
    ["true", () => true],
    ["a promise of false", async () => false],
  ])("takes no check for passed that returns %s, which a check does not do", async (_, rule) => {
    // A function that returns a value may stand where one is wanted that returns none.
    const own = defineCheck("own", rule as unknown as () => undefined);
    await expect(verifier([signed, own]).verify(await createToken())).rejects.toThrow(
      'the check "own" returned a value',
    );
  });

  test("refuses a bound token, 1012, when no check looks at proofs", async () => {
    const { publicKey } = KeyPair.generate("agent");
    const bound = await createToken({ confirmationKey: publicKey });
    expect(await verifier([signed]).verify(bound)).toMatchObject(refusal(1012, "proof"));
    expect((await verifier([signed, pass("proof")]).verify(bound)).verified).toBe(true);
  });

  test("gives claims that nobody can change", async () => {
    const result = await verifier([signed]).verify(await createToken());
    if (!result.verified) throw new Error(result.error);
    const { claims } = result;
    for (const part of [claims, claims.aud, claims.agentIdentity, claims.attestationMetadata]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test("runs the checks in their order, and waits for each", async () => {
    const ran: string[] = [];
    const slow = (name: string): Check =>
      defineCheck(name, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        ran.push(name);
      });
    const quick = (name: string): Check =>
      defineCheck(name, () => {
        ran.push(name);
      });
    const result = await verifier([slow("a"), quick("signature"), slow("c"), quick("d")]).verify(
      await createToken(),
    );
    expect(result.verified).toBe(true);
    expect(ran).toEqual(["a", "signature", "c", "d"]);
  });

  test("stops at the first check that refuses, and names it", async () => {
    let ran = false;
    const after = defineCheck("after", () => {
      ran = true;
    });
    const result = await verifier([signed, refuse("own", new AttestationError(1013)), after]).verify(
      await createToken(),
    );
    expect(result).toMatchObject(refusal(1013, "own"));
    expect(ran).toBe(false);
  });

  test("names the check that the error names itself", async () => {
    const error = new AttestationError(1013, undefined, { check: "department" });
    expect((await verifier([signed, refuse("own", error)]).verify(await createToken())).failedCheck).toBe(
      "department",
    );
  });

  test("shows every check the same token, presentation and time, and lets none change them", async () => {
    const seen: VerificationContext[] = [];
    const look = (name: string): Check =>
      defineCheck(name, async (context) => {
        seen.push(context);
        clock.advance(1);
      });
    const token = await createToken();
    const presentation = { accessToken: "t" };
    await verifier([look("signature"), look("b")]).verify(token, presentation);
    clock.advance(-2);
    expect(seen[0]).toBe(seen[1]);
    expect(seen[0]).toSatisfy(Object.isFrozen);
    expect(seen[0]).toMatchObject({ token, presentation, now: NOW, header: { kid: "key-1" } });
  });

  test("gives a user's check a frozen context among our own checks too", async () => {
    let seen: unknown;
    const look = defineCheck("look", (context) => {
      seen = context;
    });
    await verifier([lifetime(), requiredClaims(), signed, look]).verify(await createToken());
    expect(seen).toSatisfy(Object.isFrozen);
  });

  test("says what a verified token says", async () => {
    const result = await verifier([signed]).verify(await createToken());
    expect(result).toMatchObject({
      verified: true,
      accepted: true,
      trustLevel: "provider",
      issuer: ISSUER,
      subject: SUBJECT,
      error: null,
      errorCode: null,
      failedCheck: null,
    });
    expect(result.claims?.sub).toBe(SUBJECT);
  });

  test.each([undefined, null, ""])("finds nothing presented, 1009, in %j", async (token) => {
    expect(await verifier([signed]).verify(token)).toEqual({
      ...refusal(1009, "presented"),
      issuer: null,
      subject: null,
    });
  });

  test.each([1, {}, [], true, Symbol("token")])("finds %o malformed, 1008", async (token) => {
    expect(await verifier([signed]).verify(token as string)).toMatchObject(refusal(1008, "decode"));
  });

  test.each([
    ["required", false],
    ["preferred", true],
    ["optional", true],
  ] as const)(
    "lets the policy %s decide whether the connection goes on without attestation",
    async (policy, accepted) => {
      const checked = verifier([signed, refuse("own", new AttestationError(1001))], { policy });
      expect(await checked.verify(await createToken())).toMatchObject({
        verified: false,
        accepted,
        errorCode: 1001,
      });
      expect(await checked.verify(null)).toMatchObject({ verified: false, accepted, errorCode: 1009 });
      expect(await verifier([signed], { policy }).verify(await createToken())).toMatchObject({
        accepted: true,
      });
      expect(checked.policy).toBe(policy);
    },
  );

  test("reports what a refused token claims only once it is well formed", async () => {
    const refusing = verifier([signed, refuse("own", new AttestationError(1013))]);
    expect(await refusing.verify(await createToken())).toMatchObject({
      issuer: ISSUER,
      subject: SUBJECT,
      claims: null,
    });
    expect(await refusing.verify("token")).toMatchObject({ issuer: null, subject: null });
  });

  test.each([new TypeError("bug"), "a string", undefined])(
    "rejects with whatever else a check throws, such as %s, and never calls it a verdict",
    async (thrown) => {
      for (const policy of ["required", "optional"] as const) {
        const sync = verifier([signed, refuse("own", thrown)], { policy });
        await expect(sync.verify(await createToken())).rejects.toBe(thrown);
        const later = verifier([signed, defineCheck("own", () => Promise.reject(thrown))], { policy });
        await expect(later.verify(await createToken())).rejects.toBe(thrown);
      }
    },
  );

  test("reads a token of the longest size it is told, and none of a byte more", async () => {
    const token = await createToken();
    expect(await verifier([signed], { maxTokenBytes: token.length }).verify(token)).toMatchObject({
      verified: true,
    });
    expect(await verifier([signed], { maxTokenBytes: token.length - 1 }).verify(token)).toMatchObject(
      refusal(1008, "decode"),
    );
  });

  test("keeps the list of checks it was given as it was then", async () => {
    const checks = [signed];
    const checked = verifier(checks);
    checks.push(refuse("later", new AttestationError(1013)));
    expect(await checked.verify(await createToken())).toMatchObject({ verified: true });
  });

  test("advertises what its checks advertise, each name once", () => {
    const advertising = (name: string, trustedIssuers: string[], requiredClaims: string[]): Check =>
      defineCheck(name, () => {}, { trustedIssuers, requiredClaims });
    const checked = verifier([
      advertising("signature", ["i"], ["a", "b"]),
      pass("x"),
      advertising("y", ["j"], ["b"]),
    ]);
    expect(checked).toMatchObject({ trustedIssuers: ["i", "j"], requiredClaims: ["a", "b"] });
  });

  test("is not made of two checks of one name, nor without a signature check", () => {
    expect(() => verifier([signed, pass("own"), pass("own")])).toThrow(
      new TypeError('two checks are named "own"'),
    );
    expect(() => verifier([pass("own")])).toThrow(/no check named "signature"/);
    expect(() => verifier([])).toThrow(TypeError);
  });

  test.each([
    [
      'policy must be one of required, preferred, optional, got "strict"',
      { policy: "strict" as VerificationPolicy },
    ],
    ['composeVerifier: unknown option "polity"', { polity: "required" } as VerifierOptions],
    ["policy", { policy: null as unknown as VerificationPolicy }],
    ["maxTokenBytes", { maxTokenBytes: 0 }],
    ["maxTokenBytes", { maxTokenBytes: Number.NaN }],
    ["maxTokenBytes", { maxTokenBytes: "8192" as unknown as number }],
  ])("names the option %s when it is wrong", (option, options) => {
    expect(() => verifier([signed], options)).toThrow(option);
  });

  test("may be told to read a single byte", async () => {
    const narrow = verifier([signed], { maxTokenBytes: 1 });
    expect(await narrow.verify("token")).toMatchObject(refusal(1008, "decode"));
  });

  test("runs checks that advertise nothing", async () => {
    const bare: Check = { name: "signature", run: () => {} };
    expect(verifier([bare])).toMatchObject({ trustedIssuers: [], requiredClaims: [] });
    expect((await verifier([bare]).verify(await createToken())).verified).toBe(true);
  });

  test("cannot be changed once it is made", () => {
    expect(verifier([signed])).toSatisfy(Object.isFrozen);
  });

  describe("with an observer", () => {
    async function observe(checks: readonly Check[], token: string | null): Promise<readonly TokenEvent[]> {
      const observer = new Recorder();
      await verifier(checks, { observer }).verify(token);
      return observer.events;
    }
    const what = { model: "claude-sonnet-4", audience: [AUDIENCE] };
    const who = { issuer: ISSUER, subject: SUBJECT, jti: expect.stringMatching(/^[0-9a-f]{8}$/) };

    test("tells of a verified token, with 8 characters of its id", async () => {
      expect(await observe([signed], await createToken())).toEqual([
        { type: "verified", ...who, ...what, trustLevel: "provider", durationSeconds: expect.any(Number) },
      ]);
    });

    test("tells of a refusal, with the detail and the cause that the peer is not given", async () => {
      const cause = new Error("connection refused");
      const failing = refuse("own", new AttestationError(1010, "no keys", { cause }));
      expect(await observe([signed, failing], await createToken())).toEqual([
        {
          type: "rejected",
          code: 1010,
          check: "own",
          detail: "no keys",
          ...who,
          ...what,
          durationSeconds: expect.any(Number),
          cause: ["Error: connection refused"],
        },
      ]);
    });

    test("tells of nothing presented, and of what is malformed, without names and without a cause", async () => {
      const nothing = { issuer: null, subject: null, jti: null, model: null, audience: null };
      const nobody = { ...nothing, durationSeconds: expect.any(Number) };
      expect(await observe([signed], null)).toStrictEqual([
        { type: "rejected", code: 1009, check: "presented", detail: null, ...nobody },
      ]);
      expect(await observe([signed], "token")).toStrictEqual([
        {
          type: "rejected",
          code: 1008,
          check: "decode",
          detail: "a compact JWS has exactly three segments",
          ...nobody,
        },
      ]);
    });

    test("says what came in place of a token, and that no check looks at a bound token's proof", async () => {
      expect(await observe([signed], 1 as unknown as string)).toMatchObject([
        { detail: "a token is a string, got number" },
      ]);
      const confirmationKey = KeyPair.generate().publicKey;
      expect(await observe([signed], await createToken({ confirmationKey }))).toMatchObject([
        { detail: 'the token is bound to a key, and no check named "proof" runs' },
      ]);
    });

    test("tells how many seconds it took", async () => {
      const token = await createToken();
      const stopwatch = vi.spyOn(performance, "now").mockReturnValueOnce(1_000).mockReturnValueOnce(3_500);
      const events = await observe([signed], token);
      stopwatch.mockRestore();
      expect(events).toMatchObject([{ durationSeconds: 2.5 }]);
    });

    test("escapes a detail that a check has put together from what the peer sent", async () => {
      const events = await observe(
        [signed, refuse("own", new AttestationError(1013, "a\n\u001b[31m"))],
        await createToken(),
      );
      expect(events).toMatchObject([{ detail: "a\\u000a\\u001b[31m" }]);
    });

    test("tells of a replay after the refusal", async () => {
      const events = await observe(
        [signed, refuse("replay", new AttestationError(1006))],
        await createToken(),
      );
      expect(events).toMatchObject([
        { type: "rejected", code: 1006, check: "replay", ...who },
        { type: "replay", ...who },
      ]);
    });

    test("tells of a bug in a check, which is no verdict", async () => {
      const observer = new Recorder();
      const failing = verifier([signed, refuse("own", new TypeError("bug"))], { observer });
      await expect(failing.verify(await createToken())).rejects.toThrow("bug");
      expect(observer.events).toEqual([{ type: "check_failed", check: "own", cause: ["TypeError: bug"] }]);
    });
  });

  test("tells the time by the system's clock unless given another", async () => {
    const times: number[] = [];
    const look = defineCheck("signature", ({ now }) => {
      times.push(now);
    });
    const before = Date.now() / 1000;
    await composeVerifier([look]).verify(await createToken());
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[0]).toBeLessThanOrEqual(Date.now() / 1000);
  });
});

describe("a composed verifier", () => {
  const options = { trustedIssuers: [ISSUER], keyResolver: new InMemoryKeyResolver(), audience: AUDIENCE };

  test("takes one object of options with defaultChecks, and what those were made from passes", () => {
    const all = { ...options, policy: "optional", maxLifetimeSeconds: 60, replayCache: null } as const;
    const composed = composeVerifier(
      insertBefore(
        defaultChecks(all),
        "proof",
        defineCheck("own", () => {}),
      ),
      all,
    );
    expect(composed.policy).toBe("optional");
    expect(composed.checks).toEqual([
      "issuer",
      "signature",
      "lifetime",
      "audience",
      "claims",
      "own",
      "proof",
    ]);
  });

  test.each([
    ["audience", { audience: "https://other.example" }, "audience"],
    ["trustedIssuers", { trustedIssuers: ["https://other.example"] }, "issuer"],
    ["keyResolver", { keyResolver: new InMemoryKeyResolver() }, "signature"],
    ["maxLifetimeSeconds", { maxLifetimeSeconds: 60 }, "lifetime"],
    ["requiredClaims", { requiredClaims: ["department"] }, "requiredClaims"],
    ["replayCache", { replayCache: null }, "replay"],
    ["checks", { checks: [defineCheck("own", () => {})] }, "defaultChecks"],
  ])(
    "refuses the option %s of a check that was not made from it: it would switch nothing on",
    (name, wrong, reader) => {
      expect(() => composeVerifier(defaultChecks(options), wrong as VerifierOptions)).toThrow(
        new TypeError(
          `composeVerifier: no check in the list was made with this "${name}"; it belongs to ${reader}({ ${name} })`,
        ),
      );
    },
  );

  test("hands out its clock and skew, for gates to go by, and the names it verifies", () => {
    const clock = new FixedClock(NOW);
    const composed = composeVerifier(defaultChecks(options), { clock, clockSkewSeconds: 5 });
    expect([composed.clock, composed.clockSkewSeconds, composed.audience]).toEqual([clock, 5, [AUDIENCE]]);
  });

  test("hands out the challenge of a check that demands a proof with a nonce", async () => {
    const demand = defineCheck("signature", () => {
      throw new AttestationError(1012, undefined, { challenge: { nonce: "n-1" } });
    });
    const { createToken } = attested();
    expect(await composeVerifier([demand]).verify(await createToken())).toMatchObject({
      errorCode: 1012,
      challenge: { nonce: "n-1" },
    });
  });

  test("says until when a verified agent is vouched for: exp and the skew", async () => {
    const { createToken, clock } = attested();
    const pass = composeVerifier([defineCheck("signature", () => {})], { clock, clockSkewSeconds: 7 });
    expect(await pass.verify(await createToken({ lifetimeSeconds: 60 }))).toMatchObject({
      validUntil: NOW + 67,
    });
  });
});
