import { describe, expect, test, vi } from "vitest";
import { Ed25519PublicKey } from "../../../src/keys/ed25519-public-key.js";
import { KeyPair } from "../../../src/keys/key-pair.js";
import { hmacNonces } from "../../../src/proof/hmac-nonces.js";
import type { NonceSource } from "../../../src/proof/nonce-source.js";
import { parseProof } from "../../../src/proof/parse-proof.js";
import { FixedClock } from "../../../src/testing.js";
import { AttestationVerifier, defaultChecks } from "../../../src/verify/attestation-verifier.js";
import { audience } from "../../../src/verify/checks/audience.js";
import { type ProofOptions, proofOfPossession } from "../../../src/verify/checks/proof.js";
import { insertAfter, replaceCheck, withoutCheck } from "../../../src/verify/compose.js";
import { composeVerifier } from "../../../src/verify/verifier.js";
import { AUDIENCE, attested, ISSUER, NOW, refusal } from "../../support/attested.js";
import { bound, PROOF_HEADER, proofClaims, REQUEST, sha256 } from "../../support/bound.js";
import { refusing, runCheck } from "../../support/context.js";
import { SMALL_ORDER_POINTS } from "../../support/curve.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const URL = "https://server.example/mcp";
const invalid = refusal(1012, "proof");
const nonceKey = new Uint8Array(32);
const nonces = (seconds = NOW) => hmacNonces({ key: nonceKey, clock: new FixedClock(seconds) });

describe("proofOfPossession", () => {
  test("passes a token that is not bound to a key, and looks at no proof beside it", async () => {
    const token = forge(KeyPair.generate());
    await runCheck(proofOfPossession(), token);
    const { verifier, createToken } = attested();
    expect(await verifier.verify(await createToken(), { proof: "no proof" })).toMatchObject({
      verified: true,
    });
  });

  test("passes a bound token with a proof by its key, again and again with a new one", async () => {
    const { present, prove } = await bound();
    for (let count = 0; count < 3; count++) {
      expect(await present(await prove())).toMatchObject({ verified: true, accepted: true });
    }
  });

  test("refuses a bound token without a proof, or with something that is none", async () => {
    const { present, token } = await bound();
    for (const proof of [undefined, "", "proof", token, "x".repeat(2049)]) {
      expect(await present(proof)).toMatchObject(invalid);
    }
    for (const proof of [1, {}, [], false]) {
      expect(await present(proof as unknown as string)).toMatchObject(invalid);
    }
  });

  test("refuses a bound token where nobody says for which request it came", async () => {
    const { present, prove } = await bound();
    expect(await present(await prove(), { request: undefined })).toMatchObject(invalid);
  });

  test("refuses a proof that another key signed, the issuer's included", async () => {
    const { present, forgeProof, keyPair } = await bound();
    expect(await present(forgeProof())).toMatchObject({ verified: true });
    for (const key of [KeyPair.generate(), keyPair]) {
      expect(await present(forgeProof({}, { key }))).toMatchObject(invalid);
    }
  });

  test("takes the key from the token and never from the proof", async () => {
    const { present, forgeProof } = await bound();
    const key = KeyPair.generate();
    const header = { ...PROOF_HEADER, jwk: key.toJwk() };
    expect(await present(forgeProof({}, { key, header }))).toMatchObject(invalid);
    expect(await present(forgeProof({ cnf: { jwk: key.toJwk() } }, { key }))).toMatchObject(invalid);
  });

  describe("aud", () => {
    test("has to be a name of this server and one of the token's own", async () => {
      const names = ["a", "b"];
      const { verifier, createToken, agentKey, forgeProof } = await bound({ audience: names });
      const token = await createToken({ audience: ["b", "c"], confirmationKey: agentKey.publicKey });
      const verdict = async (aud: string) =>
        (
          await verifier.verify(token, {
            proof: forgeProof({ ...proofClaims(token), aud }),
            request: REQUEST,
          })
        ).verified;
      expect(await Promise.all(["a", "b", "c", "d", "B", "b "].map(verdict))).toEqual([
        false, // the server's, not the token's
        true,
        false, // the token's, not the server's
        false,
        false,
        false,
      ]);
    });

    test("has to be one of the token's own where the server has no name", async () => {
      const { present, forgeProof } = await bound({ audience: null });
      expect(await present(forgeProof())).toMatchObject({ verified: true });
      expect(await present(forgeProof({ aud: "https://other.example" }))).toMatchObject(invalid);
    });
  });

  describe("iat", () => {
    test.each([0, 30, 45.5])(
      "is good for 60 seconds and the skew on either side, at a skew of %s",
      async (skew) => {
        const { present, forgeProof } = await bound({ clockSkewSeconds: skew });
        const verdict = async (iat: number) => (await present(forgeProof({ iat }))).verified;
        expect(await verdict(NOW - 60 - skew)).toBe(false);
        expect(await verdict(NOW - 60 - skew + 0.001)).toBe(true);
        expect(await verdict(NOW + skew)).toBe(true);
        expect(await verdict(NOW + skew + 0.001)).toBe(false);
      },
    );

    test.each([0, -1, 1e308])("is refused when it is %s", async (iat) => {
      const { present, forgeProof } = await bound();
      expect(await present(forgeProof({ iat }))).toMatchObject(invalid);
    });

    test("is never good by a clock that gives no time", async () => {
      const { forgeProof, token } = await bound();
      for (const now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const context = {
          proof: parseProof(forgeProof()),
          tokenHash: sha256(token),
          presentation: { request: REQUEST },
        };
        await runCheck(proofOfPossession(), token, context);
        await expect(runCheck(proofOfPossession(), token, { ...context, now })).rejects.toEqual(
          refusing(1012),
        );
      }
    });
  });

  test("wth: refuses a proof for another token of the same agent", async () => {
    const { createToken, agentKey, prove, present } = await bound();
    const token = await createToken({ confirmationKey: agentKey.publicKey });
    expect(await present(await prove({ token }))).toMatchObject(invalid);
  });

  test("wth: the hash of an OAuth access token is not the token's", async () => {
    const { present, forgeProof, token } = await bound();
    expect(await present(forgeProof({ wth: sha256("x"), ath: sha256(token) }))).toMatchObject(invalid);
  });

  test("req: refuses a proof for another method or other parameters", async () => {
    const { present, prove } = await bound();
    for (const request of [
      { ...REQUEST, method: "tools/list" },
      { method: REQUEST.method },
      { ...REQUEST, params: { ...REQUEST.params, name: "delete" } },
      { ...REQUEST, params: { ...REQUEST.params, arguments: { to: "eve", amount: 10 } } },
      { ...REQUEST, params: { ...REQUEST.params, requestState: "x" } },
    ]) {
      expect(await present(await prove(), { request })).toMatchObject(invalid);
    }
  });

  test("req: a request that has no hash is refused, though the proof stands", async () => {
    const { present, prove } = await bound();
    for (const params of [{ a: "\ud800" }, JSON.parse('{"__proto__":1}') as object, { a: Number.NaN }]) {
      expect(await present(await prove(), { request: { ...REQUEST, params } })).toMatchObject(invalid);
    }
  });

  describe("endpoints", () => {
    test.each<[string, string | undefined, boolean]>([
      ["the URL itself", URL, true],
      ["the other URL", "http://localhost:3000/", true],
      ["another spelling of it", "HTTPS://server.EXAMPLE:443/x/../mcp?a#b", true],
      ["one with user info", "https://u:p@server.example/mcp", true],
      ["none", undefined, false],
      ["another path", "https://server.example/", false],
      ["another host", "https://evil.example/mcp", false],
      ["another scheme", "http://server.example/mcp", false],
      ["another port", "https://server.example:8443/mcp", false],
      ["a host in the path", "https://evil.example/https://server.example/mcp", false],
      ["no URL", "mcp", false],
      ["nothing", "", false],
    ])("with %s", async (_, htu, verified) => {
      const { present, forgeProof } = await bound({ endpoints: [URL, "HTTP://localhost:3000"] });
      expect(await present(forgeProof({ htu }))).toMatchObject({ verified });
    });

    test("are not asked for where none are told", async () => {
      const { present, forgeProof } = await bound();
      for (const htu of [undefined, "https://evil.example", "no URL"]) {
        expect(await present(forgeProof({ htu }))).toMatchObject({ verified: true });
      }
    });

    test.each([
      null,
      [],
      "https://a.example",
      ["a.example"],
      ["ftp://a.example"],
      [1],
      ["https://a.example", ""],
    ])("cannot be %j", (endpoints) => {
      expect(() => proofOfPossession({ endpoints: endpoints as readonly string[] })).toThrow(
        /^endpoints must be a list of http or https URLs, got /,
      );
    });

    test("cannot be changed through what the verifier tells of them", () => {
      const { endpoints } = attested({ endpoints: [URL] }).verifier.proof ?? {};
      expect(endpoints).toEqual([URL]);
      expect(Object.isFrozen(endpoints)).toBe(true);
    });
  });

  describe("challenge", () => {
    test("refuses a proof without an acceptable nonce, and tells the one that it wants", async () => {
      const { present, forgeProof } = await bound({ challenge: nonces() });
      const challenged = { ...invalid, challenge: { nonce: nonces().current() } };
      for (const nonce of [undefined, "x", nonces(NOW - 120).current(), nonces(NOW + 60).current()]) {
        expect(await present(forgeProof({ nonce }))).toMatchObject(challenged);
      }
      for (const nonce of [nonces().current(), nonces(NOW - 60).current()]) {
        expect(await present(forgeProof({ nonce }))).toMatchObject({ verified: true });
      }
    });

    test("refuses whatever else is wrong for good: no other refusal tells a nonce", async () => {
      const { present, forgeProof } = await bound({ challenge: nonces() });
      const nonce = nonces().current();
      for (const proof of [
        undefined,
        "no proof",
        forgeProof({ nonce, aud: "x" }),
        forgeProof({ nonce, wth: sha256("x") }),
        forgeProof({ nonce, iat: NOW - 1000 }),
        forgeProof({ nonce, req: sha256("x") }),
        forgeProof({ nonce }, { key: KeyPair.generate() }),
      ]) {
        expect(await present(proof)).toMatchObject({ ...invalid, challenge: null });
      }
    });

    test.each([undefined, 1, "yes", null])("takes %j for no", async (answer) => {
      const challenge = { current: () => "n", accepts: () => answer } as unknown as NonceSource;
      const { present, forgeProof } = await bound({ challenge });
      expect(await present(forgeProof({ nonce: "n" }))).toMatchObject({
        ...invalid,
        challenge: { nonce: "n" },
      });
    });

    test("ignores a nonce that nobody asked for", async () => {
      const { present, forgeProof } = await bound();
      expect(await present(forgeProof({ nonce: "x" }))).toMatchObject({ verified: true });
    });

    test.each([null, {}, "nonce", { current: () => "n" }])("cannot be %j", (challenge) => {
      expect(() => proofOfPossession({ challenge } as object)).toThrow(/^challenge must be a NonceSource/);
    });
  });

  describe("bindUser", () => {
    test("wants the hash of the access token that was validated", async () => {
      const { present, forgeProof, prove } = await bound({ bindUser: true });
      expect(await present(await prove({ accessToken: "alice" }), { accessToken: "alice" })).toMatchObject({
        verified: true,
      });
      for (const [ath, accessToken] of [
        [sha256("alice"), "bob"],
        [sha256("alice"), undefined],
        [sha256("undefined"), undefined],
        [sha256(""), ""],
        [undefined, "alice"],
        [undefined, undefined],
      ] as const) {
        expect(await present(forgeProof({ ath }), { accessToken })).toMatchObject(invalid);
      }
    });

    test("looks at no access token where it is not set", async () => {
      const { present, forgeProof } = await bound();
      const proof = forgeProof({ ath: sha256("alice") });
      expect(await present(proof, { accessToken: "bob" })).toMatchObject({ verified: true });
    });
  });

  describe("requireProof", () => {
    test.each(["always", "each-request"] as const)(
      "%s refuses tokens that are not bound",
      async (requireProof) => {
        const { verifier, createToken, present, prove } = await bound({ requireProof });
        expect(await verifier.verify(await createToken())).toMatchObject(invalid);
        expect(
          await verifier.verify(await createToken(), { proof: await prove(), request: REQUEST }),
        ).toMatchObject(invalid);
        expect(await present(await prove())).toMatchObject({ verified: true });
      },
    );

    test.each([null, "never", true, ""])("cannot be %j", (requireProof) => {
      expect(() => proofOfPossession({ requireProof } as object)).toThrow(/^requireProof must be one of /);
    });
  });

  test.each<[string, ProofOptions]>([
    ['requireProof "always"', { requireProof: "always" }],
    ['requireProof "each-request"', { requireProof: "each-request" }],
    ["bindUser", { bindUser: true }],
  ])("%s needs an audience", (what, options) => {
    for (const nobody of [{}, { audience: null }]) {
      expect(() => proofOfPossession({ ...options, ...nobody })).toThrow(
        new TypeError(`proofOfPossession: ${what} needs an audience, the name that proofs are for`),
      );
    }
    proofOfPossession({ ...options, audience: AUDIENCE });
    const { keyResolver } = attested();
    const trusting = { trustedIssuers: [ISSUER], keyResolver };
    expect(() => new AttestationVerifier({ ...trusting, ...options })).toThrow(/needs an audience/);
  });

  test.each(["requireProof", "endpoints", "challenge", "bindUser", "audience"])(
    "%s may be left out, and not be undefined",
    (name) => {
      const present = { [name]: undefined } as object;
      const message = `${name} is present but undefined`;
      expect(() => proofOfPossession(present)).toThrow(message);
      const { keyResolver } = attested();
      expect(() => new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, ...present })).toThrow(
        message,
      );
    },
  );

  test.each([0, -1, 1.5, "4096", null])("names maxRememberedTokens when it is %j", (value) => {
    expect(() => proofOfPossession({ maxRememberedTokens: value as number })).toThrow(
      /^maxRememberedTokens /,
    );
  });

  test("refuses options that it does not know", () => {
    expect(() => proofOfPossession({ requireProofs: "always" } as object)).toThrow(
      /unknown option "requireProofs"; did you mean "requireProof"/,
    );
  });

  test("tells its demands, and the verifier passes them on", () => {
    const challenge = nonces();
    const options = { requireProof: "each-request", endpoints: ["HTTPS://a.example"], challenge } as const;
    expect(attested(options).verifier.proof).toEqual({
      policy: "each-request",
      endpoints: ["https://a.example/"],
      bindUser: false,
      challenge,
    });
    expect(attested().verifier.proof).toEqual({
      policy: "when-bound",
      endpoints: null,
      bindUser: false,
      challenge: null,
    });
  });

  describe("the key of the token", () => {
    const boundTo = (keyPair: KeyPair, jwk: object): string =>
      forge(keyPair, HEADER, { ...PAYLOAD, cnf: { jwk } });

    test.each(SMALL_ORDER_POINTS.map((point) => Buffer.from(point.toBytes()).toString("base64url")))(
      "is refused when it is of small order, though the issuer vouches for it: %s",
      async (x) => {
        const { verifier, keyPair } = attested();
        const token = boundTo(keyPair, { kty: "OKP", crv: "Ed25519", x });
        const proof = forge(KeyPair.generate(), PROOF_HEADER, proofClaims(token));
        expect(await verifier.verify(token, { proof, request: REQUEST })).toMatchObject(invalid);
      },
    );

    test("is refused when it is no point, or not canonical", async () => {
      const { verifier, keyPair } = attested();
      for (const bytes of [Buffer.alloc(32, 255), Buffer.alloc(32, 2), Buffer.alloc(32, 1)]) {
        const token = boundTo(keyPair, { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") });
        const proof = forge(KeyPair.generate(), PROOF_HEADER, proofClaims(token));
        expect(await verifier.verify(token, { proof, request: REQUEST })).toMatchObject(invalid);
      }
    });

    test("is imported once per token, and not before the issuer's signature stands", async () => {
      const { present, prove, verifier, token } = await bound();
      const importing = vi.spyOn(Ed25519PublicKey, "fromJwk");
      try {
        const [header, payload] = token.split(".");
        const forged = `${header}.${payload}.${"A".repeat(86)}`;
        expect(await verifier.verify(forged, { proof: await prove(), request: REQUEST })).toMatchObject({
          errorCode: 1003,
        });
        expect(importing).toHaveBeenCalledTimes(0);
        for (let count = 0; count < 5; count++) await present(await prove());
        expect(importing).toHaveBeenCalledTimes(1);
      } finally {
        vi.restoreAllMocks();
      }
    });

    test("is imported again once maxRememberedTokens others came in between", async () => {
      const { verifier, createToken } = attested({ maxRememberedTokens: 2 });
      const agents = await Promise.all(
        [1, 2, 3].map(async () => {
          const { bound: token, agent } = await agentOf(createToken);
          return { token, prove: () => forge(agent, PROOF_HEADER, proofClaims(token)) };
        }),
      );
      const importing = vi.spyOn(Ed25519PublicKey, "fromJwk");
      const imports: number[] = [];
      try {
        for (const index of [0, 1, 0, 2, 0, 1]) {
          importing.mockClear();
          const { token = "", prove } = agents[index] ?? {};
          expect(await verifier.verify(token, { proof: prove?.(), request: REQUEST })).toMatchObject({
            verified: true,
          });
          imports.push(importing.mock.calls.length);
        }
      } finally {
        vi.restoreAllMocks();
      }
      expect(imports).toEqual([1, 1, 0, 1, 0, 1]);
    });
  });

  test("hashes the request last: who has no key has nothing hashed", async () => {
    const { present, forgeProof } = await bound();
    let reads = 0;
    const params = {
      get name(): string {
        reads += 1;
        return "x";
      },
    };
    const request = { method: "tools/call", params };
    for (const proof of [forgeProof({ aud: "x" }), forgeProof({}, { key: KeyPair.generate() })]) {
      expect(await present(proof, { request })).toMatchObject(invalid);
    }
    expect(reads).toBe(0);
    expect(await present(forgeProof(), { request })).toMatchObject(invalid);
    expect(reads).toBeGreaterThan(0);
  });
});

describe("composeVerifier with proofs", () => {
  const trusting = () => {
    const { keyResolver, clock } = attested();
    return { trustedIssuers: [ISSUER], keyResolver, clock, audience: AUDIENCE };
  };

  test("takes one object of options for the checks and for itself", () => {
    const options = {
      ...trusting(),
      requireProof: "always",
      endpoints: [URL],
      challenge: nonces(),
      bindUser: true,
      maxRememberedTokens: 7,
    } as const;
    expect(composeVerifier(defaultChecks(options), options).proof).toMatchObject({ policy: "always" });
  });

  test.each<[string, unknown]>([
    ["requireProof", "always"],
    ["endpoints", [URL]],
    ["challenge", nonces()],
    ["bindUser", true],
    ["maxRememberedTokens", 7],
  ])("refuses a %s that no check was made with", (name, value) => {
    const checks = defaultChecks(trusting());
    const reader = name === "maxRememberedTokens" ? "signature" : "proofOfPossession";
    expect(() => composeVerifier(checks, { [name]: value } as object)).toThrow(
      `composeVerifier: no check in the list was made with this "${name}"; it belongs to ${reader}({ ${name} })`,
    );
  });

  test("refuses a requireProof that is undefined", () => {
    const checks = defaultChecks(trusting());
    expect(() => composeVerifier(checks, { requireProof: undefined } as object)).toThrow(/requireProof/);
  });

  test("refuses an audience that only the check of proofs was made with: tokens would pass for any server", () => {
    const { audience: _, ...others } = trusting();
    const named = proofOfPossession({ audience: AUDIENCE });
    const checks = replaceCheck(defaultChecks(others), "proof", named);
    expect(() => composeVerifier(checks, { audience: AUDIENCE } as object)).toThrow(
      /no check in the list was made with this "audience"; it belongs to audience/,
    );
    composeVerifier(replaceCheck(checks, "audience", audience({ audience: AUDIENCE })), {
      audience: AUDIENCE,
    } as object);
  });

  test("refuses bound tokens where no check of proofs runs, and passes others", async () => {
    const options = trusting();
    const { keyPair, createToken } = attested();
    options.keyResolver.addKeyPair(ISSUER, keyPair);
    const verifier = composeVerifier(withoutCheck(defaultChecks(options), "proof"), { clock: options.clock });
    expect(verifier.proof).toBeUndefined();
    const { bound: token, agent } = await agentOf(createToken);
    const proof = forge(agent, PROOF_HEADER, proofClaims(token));
    expect(await verifier.verify(token, { proof, request: REQUEST })).toMatchObject(invalid);
    expect(await verifier.verify(await createToken())).toMatchObject({ verified: true });
  });

  test("shows checks of the user's own the proof and the token's hash", async () => {
    const seen: unknown[] = [];
    const options = trusting();
    const { keyPair, createToken } = attested();
    options.keyResolver.addKeyPair(ISSUER, keyPair);
    const own = {
      name: "own",
      run: ({
        proof,
        tokenHash,
      }: {
        proof?: { claims: { jti: string } } | undefined;
        tokenHash?: string | undefined;
      }) => {
        seen.push([proof?.claims.jti, tokenHash]);
      },
    };
    const verifier = composeVerifier(insertAfter(defaultChecks(options), "proof", own), {
      clock: options.clock,
    });
    const { bound: token, agent } = await agentOf(createToken);
    const claims = proofClaims(token);
    const proof = forge(agent, PROOF_HEADER, claims);
    expect(await verifier.verify(token, { proof, request: REQUEST })).toMatchObject({ verified: true });
    expect(await verifier.verify(await createToken(), { proof, request: REQUEST })).toMatchObject({
      verified: true,
    });
    expect(seen).toEqual([
      [claims.jti, sha256(token)],
      [undefined, undefined],
    ]);
  });
});

/** A new agent with a key, and a token that is bound to it. */
async function agentOf(createToken: ReturnType<typeof attested>["createToken"]) {
  const agent = KeyPair.generate("agent");
  return { agent, bound: await createToken({ confirmationKey: agent.publicKey }) };
}
