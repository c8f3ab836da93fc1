import { Buffer } from "node:buffer";
import { createHmac, createPrivateKey, sign } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { isAttestationError } from "../src/errors.js";
import { Ed25519PublicKey } from "../src/keys/ed25519-public-key.js";
import { InMemoryKeyResolver } from "../src/keys/in-memory-key-resolver.js";
import { KeyPair } from "../src/keys/key-pair.js";
import type { KeyResolver, ReplayCache } from "../src/ports.js";
import { hmacNonces } from "../src/proof/hmac-nonces.js";
import { InMemoryReplayCache } from "../src/replay/in-memory-replay-cache.js";
import { encodeSegment, type TokenSegment } from "../src/testing/forge-token.js";
import { AttestationProvider } from "../src/token/attestation-provider.js";
import { decodeToken } from "../src/token/decode-token.js";
import { AttestationVerifier, defaultChecks } from "../src/verify/attestation-verifier.js";
import { replay } from "../src/verify/checks/replay.js";
import { signature } from "../src/verify/checks/signature.js";
import { replaceCheck } from "../src/verify/compose.js";
import { composeVerifier } from "../src/verify/verifier.js";
import { evidenceIn } from "../src/wire.js";
import { AUDIENCE, attested, IDENTITY, ISSUER, NOW, refusal } from "./support/attested.js";
import { bound, PROOF_HEADER, proofClaims, REQUEST } from "./support/bound.js";
import { GROUP_ORDER, integerOf, SMALL_ORDER_POINTS, scalarBytes } from "./support/curve.js";
import { forge, HEADER, PAYLOAD } from "./support/forge.js";
import { bytesOf, RFC_8037, SPECCHECK_CASES } from "./support/vectors.js";

/** A verifier that knows one key, and what it says to a token that this key has rightly signed. */
function judging() {
  const { keyPair, verifier } = attested({ replayCache: null });
  return {
    keyPair,
    verify: (token: string) => verifier.verify(token),
    judge: (header?: TokenSegment, payload?: TokenSegment) =>
      verifier.verify(forge(keyPair, header, payload)),
  };
}

/** A token of exactly `length` bytes, rightly signed. */
function tokenOfLength(keyPair: KeyPair, length: number): string {
  for (const header of [HEADER, { ...HEADER, x: 1 }, { ...HEADER, x: 12 }]) {
    const missing = length - forge(keyPair, header, { ...PAYLOAD, padding: "" }).length;
    const about = Math.floor((missing * 3) / 4);
    for (let count = about - 3; count <= about + 3; count++) {
      const token = forge(keyPair, header, { ...PAYLOAD, padding: "x".repeat(count) });
      if (token.length === length) return token;
    }
  }
  throw new Error(`there is no token of ${length} bytes`);
}

const malformed = refusal(1008, "decode");
const forged = refusal(1003, "signature");
const untrusted = refusal(1004, "issuer");

describe("Forgery", () => {
  test("control: the token that the tests below spoil is valid", async () => {
    expect(await judging().judge()).toMatchObject({ verified: true });
  });

  test("wrong key", async () => {
    expect(await judging().verify(forge(KeyPair.generate("key-1")))).toMatchObject(forged);
  });

  test("unknown kid", async () => {
    expect(await judging().judge({ ...HEADER, kid: "key-2" })).toMatchObject(forged);
  });

  test.each(["none", "None", "NONE", "nOnE"])("`alg` none (any case): %s", async (alg) => {
    const { verify, judge } = judging();
    expect(await judge({ ...HEADER, alg })).toMatchObject(malformed);
    expect(await verify(`${encodeSegment({ ...HEADER, alg })}.${encodeSegment(PAYLOAD)}.`)).toMatchObject(
      malformed,
    );
  });

  test("HS256 with the public key as secret", async () => {
    const { keyPair, verify } = judging();
    const signingInput = `${encodeSegment({ ...HEADER, alg: "HS256" })}.${encodeSegment(PAYLOAD)}`;
    for (const secret of [keyPair.publicKey.toBytes(), keyPair.publicKey.toPem(), keyPair.toJwk().x]) {
      const mac = createHmac("sha256", secret).update(signingInput).digest("base64url");
      expect(await verify(`${signingInput}.${mac}`)).toMatchObject(malformed);
    }
  });

  test.each(["ES256", "RS256", "PS256", "HS512", "Ed448", "eddsa", "EDDSA", "EdDSA ", "", 1, null])(
    "any alg but ours: %j",
    async (alg) => {
      expect(await judging().judge({ ...HEADER, alg })).toMatchObject(malformed);
    },
  );

  test("embedded `jwk`/`jku`/`x5c`", async () => {
    const own = KeyPair.generate("key-1");
    for (const member of [
      { jwk: own.toJwk() },
      { jku: "https://evil.example/jwks.json" },
      { x5u: "https://evil.example/cert.pem" },
      { x5c: ["MIIB"] },
    ]) {
      expect(await judging().verify(forge(own, { ...HEADER, ...member }))).toMatchObject(malformed);
    }
  });

  test.each([
    "key-1\n",
    "\nkey-1",
    "__proto__",
    "constructor",
    "../key-1",
    "/etc/passwd",
    "key-1\0",
    "'; DROP --",
  ])("`kid` with newlines, `__proto__`, paths: %j", async (kid) => {
    expect(await judging().judge({ ...HEADER, kid })).toMatchObject(forged);
  });

  test("signature cut, extended, from another token", async () => {
    const { keyPair, verify } = judging();
    const [header, payload, ours = ""] = forge(keyPair).split(".");
    const [, , other] = forge(keyPair, HEADER, { ...PAYLOAD, jti: "another" }).split(".");
    const bytes = Buffer.from(ours, "base64url");
    for (const text of [
      "",
      bytes.subarray(0, 63).toString("base64url"),
      bytes.subarray(1).toString("base64url"),
      Buffer.concat([bytes, Buffer.of(0)]).toString("base64url"),
      Buffer.concat([bytes, bytes]).toString("base64url"),
      Buffer.alloc(64).toString("base64url"),
      other,
    ]) {
      expect(await verify(`${header}.${payload}.${text}`)).toMatchObject(forged);
    }
    expect(await verify(`${header}.${payload}.${ours}`)).toMatchObject({ verified: true });
  });

  test("S ≥ L, small-order R", async () => {
    const { keyPair, verify } = judging();
    const [header, payload, ours = ""] = forge(keyPair).split(".");
    const bytes = Buffer.from(ours, "base64url");
    const s = bytes.subarray(32);
    const spoiled = [
      Buffer.concat([bytes.subarray(0, 32), scalarBytes(integerOf(s) + GROUP_ORDER)]),
      ...SMALL_ORDER_POINTS.map((point) => Buffer.concat([point.toBytes(), s])),
    ];
    for (const signatureBytes of spoiled) {
      expect(await verify(`${header}.${payload}.${signatureBytes.toString("base64url")}`)).toMatchObject(
        forged,
      );
    }
  });

  test.each(SPECCHECK_CASES)("the twelve ed25519-speccheck cases: $name", (vector) => {
    const isAccepted = (): boolean =>
      Ed25519PublicKey.fromBytes(bytesOf(vector.publicKey)).verify(
        bytesOf(vector.message),
        bytesOf(vector.signature),
      );
    if (vector.a.order === "prime") expect(isAccepted()).toBe(false);
    else expect(isAccepted).toThrow(TypeError);
  });

  test("RFC 8037 A.4 must pass", () => {
    const { d: _, ...jwk } = RFC_8037.privateJwk;
    const text = Buffer.from(RFC_8037.signingInput);
    expect(Ed25519PublicKey.fromJwk(jwk).verify(text, Buffer.from(RFC_8037.signature, "base64url"))).toBe(
      true,
    );
  });

  test("a proof offered as a token and a token as a proof (`typ`)", async () => {
    const { judge } = judging();
    expect(await judge({ ...HEADER, typ: "attestation-pop+jwt" })).toMatchObject(malformed);
    const { verifier, keyPair, agentKey, token, present, prove, createToken } = await bound();
    expect(await verifier.verify(await prove())).toMatchObject(malformed);
    const asProof = { ...PAYLOAD, ...proofClaims(token) };
    for (const proof of [
      token,
      await createToken(),
      forge(keyPair),
      // All that a proof needs, by the right key, under the name of a token.
      forge(agentKey, HEADER, asProof),
      forge(agentKey, { ...PROOF_HEADER, typ: "attestation+jwt" }, asProof),
    ]) {
      expect(await present(proof)).toMatchObject(refusal(1012, "proof"));
    }
    expect(await present(forge(agentKey, PROOF_HEADER, asProof))).toMatchObject({ verified: true });
  });
});

describe("Shape", () => {
  test("not three segments", async () => {
    const { keyPair, verify } = judging();
    const token = forge(keyPair);
    for (const text of [".", "..", "...", token.replace(".", ""), `${token}.`, `.${token}`, `${token}.AA`]) {
      expect(await verify(text)).toMatchObject(malformed);
    }
  });

  test("JWE and JSON serialisations", async () => {
    const { keyPair, verify } = judging();
    const [header, payload, text] = forge(keyPair).split(".");
    for (const serialised of [
      `${header}.${payload}.${payload}.${payload}.${text}`,
      JSON.stringify({ protected: header, payload, signature: text }),
      JSON.stringify({ payload, signatures: [{ protected: header, signature: text }] }),
    ]) {
      expect(await verify(serialised)).toMatchObject(malformed);
    }
  });

  test("padding, `+/`, white space, newline in a segment, non-canonical last character", async () => {
    const { keyPair, verify } = judging();
    const token = forge(keyPair, { ...HEADER, x: "ÿ>" }, { ...PAYLOAD, x: "ÿ?" });
    const segments = token.split(".");
    expect(await verify(token)).toMatchObject({ verified: true });
    for (const [index, segment] of segments.entries()) {
      const middle = Math.floor(segment.length / 2);
      for (const spoiled of [
        `${segment}=`,
        `${segment}==`,
        `${segment.slice(0, middle)} ${segment.slice(middle)}`,
        `${segment.slice(0, middle)}\n${segment.slice(middle)}`,
        `${segment}\n`,
        ` ${segment}`,
        `${segment}\t`,
        `${segment.slice(0, middle)}+${segment.slice(middle + 1)}`,
        `${segment.slice(0, middle)}/${segment.slice(middle + 1)}`,
      ]) {
        expect(await verify(segments.with(index, spoiled).join("."))).toMatchObject(malformed);
      }
    }
    // 64 bytes leave four unused bits in the last character: 15 other characters would read the same elsewhere.
    const [header, payload, text = ""] = segments;
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = alphabet.indexOf(text.slice(-1));
    for (let unused = 1; unused < 16; unused++) {
      const spoiled = `${header}.${payload}.${text.slice(0, -1)}${alphabet[last + unused]}`;
      expect(Buffer.from(spoiled.split(".")[2] ?? "", "base64url")).toEqual(Buffer.from(text, "base64url"));
      expect(await verify(spoiled)).toMatchObject(malformed);
    }
  });

  test("invalid UTF-8, BOM", async () => {
    const { judge } = judging();
    const json = Buffer.from(JSON.stringify({ ...PAYLOAD, x: "?" }));
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const at = json.indexOf('"?"') + 1;
      const spoiled = Buffer.concat([json.subarray(0, at), Buffer.from(bytes), json.subarray(at + 1)]);
      expect(await judge(HEADER, spoiled)).toMatchObject(malformed);
    }
    expect(await judge(HEADER, `\ufeff${json}`)).toMatchObject(malformed);
    expect(await judge(`\ufeff${JSON.stringify(HEADER)}`)).toMatchObject(malformed);
    expect(await judge(HEADER, Buffer.from(`\ufeff${json}`, "utf16le"))).toMatchObject(malformed);
  });

  test("`crit` of any kind, `b64`", async () => {
    const { judge } = judging();
    for (const crit of [[], ["b64"], ["exp"], "exp", null, {}, true]) {
      expect(await judge({ ...HEADER, crit })).toMatchObject(malformed);
    }
    for (const b64 of [true, false, null]) expect(await judge({ ...HEADER, b64 })).toMatchObject(malformed);
  });

  test("8193 bytes", async () => {
    const { keyPair, verify } = judging();
    expect(await verify(tokenOfLength(keyPair, 8192))).toMatchObject({ verified: true });
    expect(await verify(tokenOfLength(keyPair, 8193))).toMatchObject(malformed);
  });

  test("nesting that would overflow", async () => {
    const { judge } = judging();
    const nested = (open: string, close: string, depth: number): string =>
      `${JSON.stringify(PAYLOAD).slice(0, -1)},"\\u0078":${open.repeat(depth)}1${close.repeat(depth)}}`;
    expect(await judge(HEADER, nested("[", "]", 100_000))).toMatchObject(malformed);
    expect(await judge(HEADER, nested('{"a":', "}", 100_000))).toMatchObject(malformed);
    // Nesting that fits into a token is shallow enough for any code that walks it.
    const deepest = await judge(HEADER, nested("[", "]", 2_600));
    expect(deepest).toMatchObject({ verified: true });
    expect(() => JSON.stringify(deepest.claims)).not.toThrow();
  });

  test.each(["iat", "exp", "nbf"])("numbers as strings, NaN, 1e400, negative times: %s", async (claim) => {
    const { judge } = judging();
    const { [claim as "iat"]: _, ...rest } = PAYLOAD;
    const withTime = (json: string): string => `${JSON.stringify(rest).slice(0, -1)},"${claim}":${json}}`;
    const spoiled = [`"${NOW}"`, '""', "NaN", "Infinity", "1e400", "-1e400", "null", "true", "[1]", "{}"];
    for (const json of claim === "nbf" ? spoiled : [...spoiled, "-1", "-0.5"]) {
      expect(await judge(HEADER, withTime(json))).toMatchObject(malformed);
    }
  });

  test("fractional times are judged to the fraction", async () => {
    const { clock, keyPair, verifier } = attested({ replayCache: null, clockSkewSeconds: 0 });
    const token = forge(keyPair, HEADER, { ...PAYLOAD, iat: NOW + 0.5, exp: NOW + 1.5 });
    expect(await verifier.verify(token)).toMatchObject(refusal(1002, "lifetime"));
    clock.advance(0.5);
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    clock.advance(1);
    expect(await verifier.verify(token)).toMatchObject(refusal(1001, "lifetime"));
  });

  test("`aud: []`, 17 audiences", async () => {
    const { judge } = judging();
    expect(await judge(HEADER, { ...PAYLOAD, aud: [] })).toMatchObject(malformed);
    expect(await judge(HEADER, { ...PAYLOAD, aud: Array(17).fill(AUDIENCE) })).toMatchObject(malformed);
    expect(await judge(HEADER, { ...PAYLOAD, aud: Array(16).fill(AUDIENCE) })).toMatchObject({
      verified: true,
    });
  });

  test.each(["__proto__", "constructor", "\\u005f_proto__", "const\\u0072uctor"])(
    "`__proto__` and `constructor` as claims: %s",
    async (name) => {
      const { judge } = judging();
      const json = JSON.stringify(PAYLOAD);
      for (const spoiled of [
        `${json.slice(0, -1)},"${name}":{"admin":true}}`,
        json.replace('"model_family"', `"${name}":{},"model_family"`),
      ]) {
        expect(await judge(HEADER, spoiled)).toMatchObject(malformed);
      }
      expect(await judge(JSON.stringify(HEADER).replace("{", `{"${name}":{},`))).toMatchObject(malformed);
      expect({}).not.toHaveProperty("admin");
    },
  );
});

describe("Trust", () => {
  test("untrusted issuer", async () => {
    expect(await judging().judge(HEADER, { ...PAYLOAD, iss: "https://api.openai.com" })).toMatchObject(
      untrusted,
    );
  });

  test.each([
    ["homoglyph", "https://api.\u0430nthropic.com"],
    ["trailing slash", "https://api.anthropic.com/"],
    ["other case", "https://API.anthropic.com"],
    ["other case", "HTTPS://api.anthropic.com"],
    ["suffix", "https://api.anthropic.com.evil.com"],
    ["prefix", "https://evil-api.anthropic.com"],
    ["port", "https://api.anthropic.com:443"],
    ["user info", "https://api.anthropic.com@evil.com"],
    ["trailing dot", "https://api.anthropic.com."],
    ["other scheme", "http://api.anthropic.com"],
    ["white space", "https://api.anthropic.com "],
    ["other normalisation", "https://api.anthropic.com\u200b"],
  ])("look-alike issuer (%s)", async (_, iss) => {
    expect(await judging().judge(HEADER, { ...PAYLOAD, iss })).toMatchObject(untrusted);
  });

  test("trusted issuer attesting another's trust domain or provider", async () => {
    const { keyPair, verifier } = attested({
      trustedIssuers: [{ issuer: ISSUER, providers: ["anthropic"] }, "https://api.openai.com"],
    });
    const payloads = [
      { ...PAYLOAD, sub: "spiffe://openai.com/model/gpt" },
      { ...PAYLOAD, sub: "spiffe://evilanthropic.com/model/m" },
      { ...PAYLOAD, sub: "spiffe://com/model/m" },
      { ...PAYLOAD, agent_identity: { ...PAYLOAD.agent_identity, provider: "openai" } },
    ];
    for (const payload of payloads) {
      expect(await verifier.verify(forge(keyPair, HEADER, payload))).toMatchObject(untrusted);
    }
  });

  test("trusted issuer with another trusted issuer's key", async () => {
    const { keyPair, keyResolver, verifier } = attested({
      trustedIssuers: [ISSUER, { issuer: "https://api.openai.com", trustDomains: null }],
    });
    keyResolver.addKeyPair("https://api.openai.com", KeyPair.generate("key-1"));
    const stolen = forge(keyPair, HEADER, { ...PAYLOAD, iss: "https://api.openai.com" });
    expect(await verifier.verify(stolen)).toMatchObject(forged);
  });

  test("enterprise issuer claiming provider", async () => {
    const { keyPair, verifier } = attested({
      trustedIssuers: [{ issuer: ISSUER, trustLevel: "enterprise" }],
    });
    expect(await verifier.verify(forge(keyPair))).toMatchObject(untrusted);
    const attestation_metadata = { ...PAYLOAD.attestation_metadata, attestation_type: "enterprise" };
    expect(await verifier.verify(forge(keyPair, HEADER, { ...PAYLOAD, attestation_metadata }))).toMatchObject(
      {
        verified: true,
        trustLevel: "enterprise",
      },
    );
  });

  test.each([
    "claude",
    "",
    "https://anthropic.com/m",
    "spiffe://anthropic.com/m/",
    "spiffe://anthropic.com:1/m",
    1,
  ])("subject not a SPIFFE ID: %j", async (sub) => {
    expect(await judging().judge(HEADER, { ...PAYLOAD, sub })).toMatchObject(malformed);
  });
});

describe("Time", () => {
  test("expired by a second", async () => {
    const { clock, createToken, verifier } = attested({ replayCache: null });
    const token = await createToken({ lifetimeSeconds: 300 });
    clock.advance(329);
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    clock.advance(1);
    expect(await verifier.verify(token)).toMatchObject(refusal(1001, "lifetime"));
  });

  test("not yet valid by a second", async () => {
    const { judge } = judging();
    expect(await judge(HEADER, { ...PAYLOAD, nbf: NOW + 30 })).toMatchObject({ verified: true });
    expect(await judge(HEADER, { ...PAYLOAD, nbf: NOW + 31 })).toMatchObject(refusal(1002, "lifetime"));
  });

  test("iat in the future", async () => {
    const { judge } = judging();
    expect(await judge(HEADER, { ...PAYLOAD, iat: NOW + 30 })).toMatchObject({ verified: true });
    expect(await judge(HEADER, { ...PAYLOAD, iat: NOW + 31 })).toMatchObject(refusal(1002, "lifetime"));
  });

  test("lifetime 10 years", async () => {
    const { createToken, verifier } = attested();
    expect(await verifier.verify(await createToken({ lifetimeSeconds: 900 }))).toMatchObject({
      verified: true,
    });
    for (const lifetimeSeconds of [901, 10 * 365 * 86_400]) {
      expect(await verifier.verify(await createToken({ lifetimeSeconds }))).toMatchObject(
        refusal(1008, "lifetime"),
      );
    }
  });

  test("clock going backwards", async () => {
    const { clock, createToken, verifier } = attested();
    const token = await createToken();
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    clock.advance(400);
    expect(await verifier.verify(await createToken())).toMatchObject({ verified: true });
    clock.advance(-400);
    expect(await verifier.verify(token)).toMatchObject(refusal(1006, "replay"));
  });
});

describe("Replay", () => {
  test("same token twice", async () => {
    const { createToken, verifier } = attested();
    const token = await createToken();
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    expect(await verifier.verify(token)).toMatchObject(refusal(1006, "replay"));
  });

  test("same token concurrently (100 at once: exactly one wins)", async () => {
    const { createToken, verifier } = attested();
    const token = await createToken();
    const results = await Promise.all(Array.from({ length: 100 }, () => verifier.verify(token)));
    expect(results.filter(({ verified }) => verified)).toHaveLength(1);
    expect(results.filter(({ errorCode }) => errorCode === 1006)).toHaveLength(99);
  });

  test("same jti in another token of the same issuer", async () => {
    const { keyPair, verifier } = attested();
    expect(await verifier.verify(forge(keyPair))).toMatchObject({ verified: true });
    expect(await verifier.verify(forge(keyPair, HEADER, { ...PAYLOAD, exp: NOW + 301 }))).toMatchObject(
      refusal(1006, "replay"),
    );
  });

  test("on two verifiers over one cache", async () => {
    const { clock, createToken, keyResolver } = attested();
    const replayCache = new InMemoryReplayCache({ clock });
    const options = { trustedIssuers: [ISSUER], keyResolver, clock, replayCache };
    const token = await createToken();
    expect(await new AttestationVerifier(options).verify(token)).toMatchObject({ verified: true });
    expect(await new AttestationVerifier(options).verify(token)).toMatchObject(refusal(1006, "replay"));
  });

  test("in the skew window after `exp`", async () => {
    const { clock, createToken, verifier } = attested();
    const token = await createToken({ lifetimeSeconds: 300 });
    clock.advance(315);
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
    for (const later of [0, 14, 0.999]) {
      clock.advance(later);
      expect(await verifier.verify(token)).toMatchObject(refusal(1006, "replay"));
    }
    clock.advance(0.001);
    expect(await verifier.verify(token)).toMatchObject(refusal(1001, "lifetime"));
  });

  test("same jti from two issuers is *not* a replay", async () => {
    const other = { issuer: "https://api.openai.com", trustDomains: ["openai.com"] };
    const { keyPair, keyResolver, verifier } = attested({ trustedIssuers: [ISSUER, other] });
    const otherKeyPair = KeyPair.generate("key-1");
    keyResolver.addKeyPair(other.issuer, otherKeyPair);
    const theirs = { ...PAYLOAD, iss: other.issuer, sub: "spiffe://openai.com/model/gpt" };
    expect(await verifier.verify(forge(keyPair))).toMatchObject({ verified: true });
    expect(await verifier.verify(forge(otherKeyPair, HEADER, theirs))).toMatchObject({ verified: true });
    expect(await verifier.verify(forge(otherKeyPair, HEADER, theirs))).toMatchObject(refusal(1006, "replay"));
  });

  test("a token that fails elsewhere is *not* burned", async () => {
    const setup = attested();
    const replayCache = new InMemoryReplayCache({ clock: setup.clock });
    const options = {
      trustedIssuers: [ISSUER],
      keyResolver: setup.keyResolver,
      clock: setup.clock,
      replayCache,
    };
    const token = await setup.createToken();
    const [header, payload] = token.split(".");
    const refusing = [
      new AttestationVerifier({ ...options, trustedIssuers: ["https://other.example"] }),
      new AttestationVerifier({ ...options, keyResolver: new InMemoryKeyResolver() }),
      new AttestationVerifier({ ...options, maxLifetimeSeconds: 1 }),
      new AttestationVerifier({ ...options, audience: "https://other.example" }),
      new AttestationVerifier({ ...options, requiredClaims: ["department"] }),
    ];
    for (const verifier of refusing) expect(await verifier.verify(token)).toMatchObject({ verified: false });
    const verifier = new AttestationVerifier(options);
    expect(await verifier.verify(`${header}.${payload}.${"A".repeat(86)}`)).toMatchObject(forged);
    expect(await replayCache.count()).toBe(0);
    expect(await verifier.verify(token)).toMatchObject({ verified: true });
  });
});

describe("Theft", () => {
  const stolen = refusal(1012, "proof");

  test("control: the bound token that the tests below steal is good with its proof", async () => {
    const { present, prove } = await bound();
    expect(await present(await prove())).toMatchObject({ verified: true });
  });

  test("bound token without proof", async () => {
    const { present } = await bound();
    expect(await present(undefined)).toMatchObject(stolen);
    expect(await present(undefined)).toMatchObject(stolen);
  });

  test("bound token with another key's proof", async () => {
    const { present, forgeProof, keyPair, createToken, token } = await bound();
    const thief = KeyPair.generate("thief");
    expect(await present(forgeProof({}, { key: thief }))).toMatchObject(stolen);
    expect(await present(forgeProof({}, { key: keyPair }))).toMatchObject(stolen);
    // A thief with a token of his own makes good proofs, for that token.
    const own = await createToken({ confirmationKey: thief.publicKey });
    expect(await present(forge(thief, PROOF_HEADER, proofClaims(own)))).toMatchObject(stolen);
    expect(await present(forge(thief, PROOF_HEADER, proofClaims(token)))).toMatchObject(stolen);
  });

  test("bound token with a proof for another token, server, method or arguments", async () => {
    const { present, prove, createToken, agentKey } = await bound({
      endpoints: ["https://server.example/mcp"],
    });
    const url = "https://server.example/mcp";
    const elsewhere = "https://evil.example";
    const another = await createToken({
      confirmationKey: agentKey.publicKey,
      audience: [AUDIENCE, elsewhere],
    });
    const changed = { to: "eve", amount: 10 };
    for (const proof of [
      await prove({ url, token: another }),
      await prove({ url, token: another, audience: elsewhere }),
      await prove({ url: "https://evil.example/mcp" }),
      await prove({ url, request: { ...REQUEST, method: "tools/list" } }),
      await prove({ url, request: { ...REQUEST, params: { name: "transfer", arguments: changed } } }),
    ]) {
      expect(await present(proof)).toMatchObject(stolen);
    }
    expect(await present(await prove({ url }))).toMatchObject({ verified: true });
  });

  test("bound token with an old or used proof", async () => {
    const { present, prove, clock } = await bound();
    const [old, used] = [await prove(), await prove()];
    expect(await present(used)).toMatchObject({ verified: true });
    expect(await present(used)).toMatchObject(refusal(1006, "replay"));
    clock.advance(90);
    expect(await present(old)).toMatchObject(stolen);
    expect(await present(used)).toMatchObject(stolen);
  });

  test("a proof whose `iat` lies ahead, used again after its minute", async () => {
    const { present, forgeProof, clock } = await bound();
    const ahead = forgeProof({ iat: NOW + 30 });
    expect(await present(ahead)).toMatchObject({ verified: true });
    for (let passed = 0; passed < 130; passed++) {
      clock.advance(1);
      expect(await present(ahead)).toMatchObject({ verified: false });
    }
  });

  test("relayed by a server of the same audience name", async () => {
    const { token, prove, keyResolver, clock, verifier } = await bound({
      endpoints: ["https://a.example/mcp"],
    });
    const relay = new AttestationVerifier({
      trustedIssuers: [ISSUER],
      keyResolver,
      clock,
      audience: AUDIENCE,
      endpoints: ["https://b.example/mcp"],
    });
    const proof = await prove({ url: "https://b.example/mcp" });
    expect(await verifier.verify(token, { proof, request: REQUEST })).toMatchObject(stolen);
    expect(await relay.verify(token, { proof, request: REQUEST })).toMatchObject({ verified: true });
  });

  test("relayed to another user: a proof that names another access token", async () => {
    const { present, prove } = await bound({ bindUser: true });
    expect(await present(await prove({ accessToken: "alice" }), { accessToken: "eve" })).toMatchObject(
      stolen,
    );
    expect(await present(await prove(), { accessToken: "eve" })).toMatchObject(stolen);
  });

  test("a cached token whose key the issuer withdrew", async () => {
    const { present, prove, keyResolver, keyPair } = await bound();
    expect(await present(await prove())).toMatchObject({ verified: true });
    keyResolver.removeKey(ISSUER, keyPair.kid);
    expect(await present(await prove())).toMatchObject(refusal(1003, "signature"));
    keyResolver.addKey(ISSUER, keyPair.kid, KeyPair.generate().publicKey);
    expect(await present(await prove())).toMatchObject(refusal(1003, "signature"));
  });

  test("another key's proof with the victim's jti", async () => {
    const { present, forgeProof, createToken, verifier } = await bound();
    const thief = KeyPair.generate("thief");
    const own = await createToken({ confirmationKey: thief.publicKey });
    const jti = "the-victims-proof-id";
    const burning = forge(thief, PROOF_HEADER, { ...proofClaims(own), jti });
    expect(await verifier.verify(own, { proof: burning, request: REQUEST })).toMatchObject({
      verified: true,
    });
    expect(await present(forgeProof({ jti }, { key: thief }))).toMatchObject(stolen);
    expect(await present(forgeProof({ jti }))).toMatchObject({ verified: true });
  });

  test("evidence in two places", async () => {
    const { verifier, createToken } = await bound();
    const [inMeta, inCapabilities] = [await createToken(), await createToken()];
    const twice = evidenceIn({
      params: {
        _meta: { "security.attestation": { token: inMeta } },
        capabilities: { experimental: { "security.attestation": { token: inCapabilities } } },
      },
    });
    expect(await verifier.verify(twice?.token)).toMatchObject(malformed);
    // Neither has been burned.
    expect(await verifier.verify(inMeta)).toMatchObject({ verified: true });
    expect(await verifier.verify(inCapabilities)).toMatchObject({ verified: true });
  });

  test("duplicate members smuggled past the hash", async () => {
    const { present, prove } = await bound();
    const text =
      '{"method":"tools/call","params":{"name":"transfer","arguments":{"to":"alice","amount":10}}}';
    const smuggled = [
      text.replace('"to":"alice"', '"to":"alice","to":"eve"'),
      text.replace('"name":"transfer"', '"name":"transfer","name":"delete"'),
      text.replace('"amount":10', '"amount":10,"__proto__":{"to":"eve"}'),
      text.replace('"method":"tools/call"', '"method":"tools/call","method":"tools/list"'),
    ];
    for (const message of smuggled) {
      expect(await present(await prove(), { request: JSON.parse(message) as typeof REQUEST })).toMatchObject(
        stolen,
      );
    }
    expect(await present(await prove(), { request: JSON.parse(text) as typeof REQUEST })).toMatchObject({
      verified: true,
    });
  });
});

describe("Must fail closed", () => {
  const outage = new Error("connection refused");

  /** Ways in which something that is asked over a network goes wrong. */
  const brokenness: readonly (readonly [string, () => unknown])[] = [
    ["throws", () => Promise.reject(outage)],
    [
      "throws at once",
      () => {
        throw outage;
      },
    ],
    ["returns junk", async () => ({ verify: () => true })],
    ["returns null", async () => null],
  ];

  test.each(brokenness)("key resolver %s", async (_, getKey) => {
    const { createToken, verifier } = attested({ keyResolver: { getKey } as unknown as KeyResolver });
    expect(await verifier.verify(await createToken())).toMatchObject(refusal(1010, "signature"));
  });

  test("key resolver hangs (time-out)", async () => {
    const { clock, createToken, keyResolver } = attested();
    const hanging: KeyResolver = { getKey: () => new Promise(() => {}) };
    const checks = replaceCheck(
      defaultChecks({ trustedIssuers: [ISSUER], keyResolver, clock }),
      "signature",
      signature({ keyResolver: hanging, keyTimeoutSeconds: 0.01 }),
    );
    expect(await composeVerifier(checks, { clock }).verify(await createToken())).toMatchObject(
      refusal(1010, "signature"),
    );
  });

  test.each(brokenness)("replay cache %s", async (_, checkAndAdd) => {
    const replayCache = { checkAndAdd } as unknown as ReplayCache;
    const { createToken, verifier } = attested({ replayCache });
    expect(await verifier.verify(await createToken())).toMatchObject(refusal(1011, "replay"));
  });

  test("replay cache hangs", async () => {
    const { clock, createToken, keyResolver } = attested();
    const replayCache = { checkAndAdd: () => new Promise<never>(() => {}) } as unknown as ReplayCache;
    const checks = replaceCheck(
      defaultChecks({ trustedIssuers: [ISSUER], keyResolver, clock }),
      "replay",
      replay({ replayCache, cacheTimeoutSeconds: 0.01 }),
    );
    expect(await composeVerifier(checks, { clock }).verify(await createToken())).toMatchObject(
      refusal(1011, "replay"),
    );
  });

  test("replay cache is full", async () => {
    const { clock, createToken, keyResolver } = attested();
    const verifier = new AttestationVerifier({
      trustedIssuers: [ISSUER],
      keyResolver,
      clock,
      replayCache: new InMemoryReplayCache({ maxEntries: 1, clock }),
    });
    const first = await createToken();
    expect(await verifier.verify(first)).toMatchObject({ verified: true });
    expect(await verifier.verify(await createToken())).toMatchObject(refusal(1011, "replay"));
    expect(await verifier.verify(first)).toMatchObject(refusal(1006, "replay"));
  });

  test("an observer that throws changes nothing", async () => {
    for (const [, broken] of brokenness) {
      const record = (): void => broken() as undefined;
      const { clock, keyPair, verifier } = attested({ observer: { record } });
      const provider = new AttestationProvider({ issuer: ISSUER, keyPair, clock, observer: { record } });
      const token = await provider.createToken({ identity: IDENTITY, audience: AUDIENCE });
      expect(await verifier.verify(token)).toMatchObject({ verified: true });
      expect(await verifier.verify(token)).toMatchObject(refusal(1006, "replay"));
      expect(await verifier.verify("token")).toMatchObject(malformed);
    }
  });

  test("crypto unavailable at import: a clear error, never a substitute", async () => {
    vi.resetModules();
    vi.doMock("node:crypto", () => {
      throw new Error("Node.js is not compiled with OpenSSL crypto support");
    });
    try {
      await expect(import("../src/keys/key-pair.js")).rejects.toMatchObject({
        cause: { message: expect.stringContaining("OpenSSL") },
      });
    } finally {
      vi.doUnmock("node:crypto");
      vi.resetModules();
    }
  });
});

describe("Must hold", () => {
  /** Every string in `value`, at any depth, errors' messages included. */
  function stringsIn(value: unknown): readonly string[] {
    if (typeof value === "string") return [value];
    if (value instanceof Error) return [value.message, ...stringsIn(value.cause), ...stringsIn({ ...value })];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
  }

  test("no secret in logs, errors, events, `util.inspect`, JSON: private keys, whole tokens", async () => {
    const { clock, createToken, keyPair, observer, verifier } = attested();
    const provider = new AttestationProvider({ issuer: ISSUER, keyPair, clock, observer });
    const token = await provider.createToken({ identity: IDENTITY, audience: AUDIENCE });
    const foreign = await createToken({ audience: "https://other.example" });
    const shown: unknown[] = [provider, verifier, keyPair, observer.events];
    for (const text of [token, token, foreign, `${token.slice(0, -4)}AAAA`, `${token}.`, ` ${token}`]) {
      const { claims: _, ...result } = await verifier.verify(text);
      shown.push(result);
      try {
        decodeToken(`${text}!`);
      } catch (error) {
        expect(isAttestationError(error)).toBe(true);
        shown.push(error);
      }
    }
    expect(observer.events.length).toBeGreaterThan(6);
    const everything = [
      ...shown.map((value) => inspect(value, { depth: null, showHidden: true, maxStringLength: null })),
      ...shown.map((value) => JSON.stringify(value)),
      ...shown.map(String),
    ].join("\n");
    const { jti } = decodeToken(token).claims;
    expect(everything).toContain(jti.slice(0, 8));
    for (const secret of [
      keyPair.toPrivateJwk().d,
      Buffer.from(keyPair.toPrivateJwk().d, "base64url").toString("hex"),
      ...token.split(".").slice(1),
      ...foreign.split(".").slice(1),
      jti,
    ]) {
      expect(everything).not.toContain(secret);
    }
  });

  test("nothing from a token reaches a log line unescaped, or a metrics label unbounded", async () => {
    const evil = `evil\n\u001b[31m\u202e${"x".repeat(1_500)}`;
    const trustEvil = {
      trustedIssuers: [ISSUER, { issuer: evil, trustDomains: null, providers: ["anthropic"] }],
    };
    const { keyPair, keyResolver, observer, verifier } = attested(trustEvil);
    keyResolver.addKeyPair(evil, keyPair);
    const provider = { ...PAYLOAD.agent_identity, provider: "evil\n\u001b[31m" };
    const tokens = [
      forge(keyPair, { ...HEADER, kid: "evil\n\u001b[31m" }),
      forge(keyPair, { ...HEADER, [evil]: 1, alg: evil }),
      forge(keyPair, HEADER, { ...PAYLOAD, iss: `untrusted ${evil}` }),
      forge(keyPair, HEADER, { ...PAYLOAD, iss: evil }),
      forge(keyPair, HEADER, { ...PAYLOAD, iss: evil, agent_identity: provider }),
      forge(keyPair, HEADER, { ...PAYLOAD, aud: [evil, evil] }),
      forge(keyPair, HEADER, { ...PAYLOAD, sub: evil }),
      forge(keyPair, HEADER, {
        ...PAYLOAD,
        sub: `spiffe://anthropic.com/${"x".repeat(2_000)}`,
        jti: "~".repeat(128),
      }),
      forge(keyPair, HEADER, { ...PAYLOAD, jti: evil }),
      forge(keyPair, HEADER, { ...PAYLOAD, attestation_metadata: { [evil]: evil } }),
      forge(keyPair, HEADER, evil),
      forge(keyPair, HEADER, `{"${evil}`),
      forge(keyPair, evil),
      evil,
      `${evil}.${evil}.${evil}`,
    ];
    for (const token of tokens) await verifier.verify(token);
    const types = observer.events.map(({ type }) => type);
    expect(types.filter((type) => type === "verified")).toHaveLength(2);
    expect(types.filter((type) => type === "rejected")).toHaveLength(tokens.length - 2);
    for (const text of stringsIn(observer.events)) {
      expect(text).toMatch(/^[ -~…]*$/);
      expect(text.length).toBeLessThanOrEqual(2_048);
    }
  });

  test("bounded memory: the replay cache holds no more than it is told, and only what lives", async () => {
    const { clock } = attested();
    const cache = new InMemoryReplayCache({ maxEntries: 100, clock });
    for (let second = 0; second < 1_000; second++) {
      clock.advance(1);
      await cache.checkAndAdd(`${second}`, clock.now() + 50);
    }
    expect(await cache.count()).toBe(50);
  });

  test("input from the peer costs at most two signature verifications and one key import, and none before the issuer is known to be trusted", async () => {
    const { verifier, keyPair, agentKey, prove } = await bound();
    const verify = vi.spyOn(Ed25519PublicKey.prototype, "verify");
    const importing = vi.spyOn(Ed25519PublicKey, "fromJwk");
    const costs = async (payload: object, proof: string): Promise<readonly number[]> => {
      const token = forge(keyPair, HEADER, { ...PAYLOAD, cnf: { jwk: agentKey.toJwk() }, ...payload });
      verify.mockClear();
      importing.mockClear();
      await verifier.verify(token, { proof, request: REQUEST });
      return [verify.mock.calls.length, importing.mock.calls.length];
    };
    const token = forge(keyPair, HEADER, { ...PAYLOAD, cnf: { jwk: agentKey.toJwk() } });
    const proofs = [
      forge(agentKey, PROOF_HEADER, proofClaims(token)),
      forge(KeyPair.generate(), PROOF_HEADER, proofClaims(token)),
      await prove(),
      "x".repeat(10_000),
      "",
    ];
    try {
      for (const proof of proofs) {
        expect(await costs({ iss: "https://evil.example" }, proof)).toEqual([0, 0]);
        const [signatures = 0, imports = 0] = await costs({}, proof);
        expect(signatures).toBeLessThanOrEqual(2);
        expect(imports).toBeLessThanOrEqual(1);
      }
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("no secret of a proof in results and events: access tokens, whole proofs, keys of nonces", async () => {
    const challenge = hmacNonces({ key: new Uint8Array(32).fill(7) });
    const { present, prove, forgeProof, observer, verifier } = await bound({ bindUser: true, challenge });
    const proofs = [
      await prove({ accessToken: "secret-access-token", nonce: challenge.current() }),
      await prove({ accessToken: "secret-access-token" }),
      forgeProof({ aud: "x", ath: undefined }),
      forgeProof({}, { key: KeyPair.generate() }),
    ];
    const results = [];
    for (const proof of proofs) {
      for (const accessToken of ["secret-access-token", "secret-other-token"]) {
        results.push(await present(proof, { accessToken }));
      }
    }
    expect(observer.events.length).toBeGreaterThanOrEqual(results.length);
    const said =
      inspect([results, observer.events, verifier], { depth: 10 }) +
      JSON.stringify([results, observer.events]);
    expect(said).not.toContain("secret-");
    for (const proof of proofs) expect(said).not.toContain(proof.slice(-40));
    expect(said).not.toMatch(/(07, ?){4}|(7, ?){4}|(07 ){4}/);
  });

  test("an unbound token from the peer costs at most one signature verification, and none before the issuer is known to be trusted", async () => {
    const { keyPair, keyResolver, verifier } = attested();
    const verify = vi.spyOn(Ed25519PublicKey.prototype, "verify");
    const getKey = vi.spyOn(keyResolver, "getKey");
    const [header, payload] = forge(keyPair).split(".");
    const costs = async (token: string): Promise<readonly number[]> => {
      verify.mockClear();
      getKey.mockClear();
      await verifier.verify(token);
      return [getKey.mock.calls.length, verify.mock.calls.length];
    };
    try {
      expect(await costs(forge(keyPair, HEADER, { ...PAYLOAD, iss: "https://evil.example" }))).toEqual([
        0, 0,
      ]);
      expect(await costs(forge(keyPair, HEADER, { ...PAYLOAD, sub: "spiffe://openai.com/m" }))).toEqual([
        0, 0,
      ]);
      expect(await costs(forge(keyPair, { ...HEADER, alg: "none" }))).toEqual([0, 0]);
      expect(await costs("x".repeat(10_000))).toEqual([0, 0]);
      expect(await costs(forge(keyPair, { ...HEADER, kid: "key-2" }))).toEqual([1, 0]);
      expect(await costs(`${header}.${payload}.${"A".repeat(86)}`)).toEqual([1, 1]);
      expect(await costs(forge(keyPair))).toEqual([1, 1]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("the tests' own signing with node:crypto is what the library signs", () => {
    const keyPair = KeyPair.generate("key-1");
    const text = Buffer.from("text");
    expect(keyPair.sign(text)).toEqual(new Uint8Array(sign(null, text, createPrivateKey(keyPair.toPem()))));
  });
});
