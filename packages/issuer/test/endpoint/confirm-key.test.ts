import { decodeToken, KeyPair, type ReplayCache } from "@attest/core";
import { type ProofSettings, signProof } from "@attest/core/internal";
import { describe, expect, test } from "vitest";
import { AUDIENCE, ISSUER, type Issuing, issuing, plainClaims, plainPolicy } from "../support/issuing.ts";
import { startPlatform } from "../support/platform-server.ts";
import { signingKey } from "../support/signing-key.ts";

const key = await signingKey();
const agent = KeyPair.generate();
const jwk = JSON.stringify(agent.publicKey.toJwk());

async function plain(
  rule: object = {},
  options: { readonly replayCache?: ReplayCache; readonly timeoutSeconds?: number } = {},
) {
  const server = await startPlatform(key);
  const made: Issuing = issuing(plainPolicy(server.issuer, rule), options);
  const token = await key.sign(plainClaims(server.issuer, made.clock.now()));
  const prove = async (changes: Partial<ProofSettings> = {}) => {
    const { proof } = await signProof({
      key: agent,
      token,
      audience: ISSUER,
      url: `${ISSUER}/token`,
      request: { method: "token", params: { audience: AUDIENCE } },
      nonce: undefined,
      accessToken: undefined,
      clock: made.clock,
      ...changes,
    });
    return proof;
  };
  return { ...made, token, prove };
}

const REFUSED = {
  status: 400,
  body: { error: "invalid_request", error_description: "The confirmation proof is not valid here." },
};

describe("a confirmation key", () => {
  test("that is proven is what the attestation is bound to, and operators are told its thumbprint", async () => {
    const { exchange, token, prove, observer } = await plain();
    const { status, body } = await exchange(token, {
      confirmation_key: jwk,
      confirmation_proof: await prove(),
    });
    expect(status).toBe(200);
    const { claims } = decodeToken(body["access_token"] as string);
    expect(claims.cnf?.jwk.x).toBe(agent.publicKey.toJwk().x);
    expect(observer.issued.keyThumbprint).toBe(agent.publicKey.thumbprint());
  });

  test("fits into an attestation that verifiers read, beside the longest description and audience", async () => {
    const audience = `https://${"a".repeat(2040)}`;
    const describing = (characters: number) => ({
      capabilities: Array.from({ length: 22 }, () => "c".repeat(characters)),
      audiences: [audience],
    });
    expect(() => issuing(plainPolicy("https://idp.example", describing(110)))).toThrow("at most 2560 fit");
    const { exchange, token, prove } = await plain(describing(105));
    const proof = await prove({ request: { method: "token", params: { audience } } });
    const { body } = await exchange(token, { audience, confirmation_key: jwk, confirmation_proof: proof });
    expect(String(body["access_token"]).length).toBeGreaterThan(6500);
    expect(decodeToken(String(body["access_token"])).claims.aud).toEqual([audience]);
  });

  test("binds an attestation only with a proof, and a proof only with a key", async () => {
    const { exchange, token, prove } = await plain();
    for (const changes of [{ confirmation_key: jwk }, { confirmation_proof: await prove() }]) {
      expect(await exchange(token, changes)).toMatchObject({
        status: 400,
        body: { error: "invalid_request" },
      });
    }
  });

  test("is a must where the rule says requireBinding", async () => {
    const { exchange, token, prove, observer } = await plain({ requireBinding: true });
    expect(await exchange(token)).toMatchObject({
      status: 400,
      body: { error: "invalid_request", error_description: expect.stringContaining("confirmation_key") },
    });
    expect(observer.refusal).toMatchObject({ kind: "binding_required", rule: "support agent" });
    const changes = { confirmation_key: jwk, confirmation_proof: await prove() };
    expect((await exchange(token, changes)).status).toBe(200);
  });

  test.each<[string, Partial<ProofSettings>]>([
    ["another key", { key: KeyPair.generate() }],
    ["another subject token", { token: "another" }],
    ["another issuer", { audience: "https://other.example" }],
    ["another endpoint", { url: "https://other.example/token" }],
    ["no endpoint", { url: undefined }],
    ["another audience", { request: { method: "token", params: { audience: "https://other.example" } } }],
    ["another method", { request: { method: "tools/call", params: { audience: AUDIENCE } } }],
    ["another time", { clock: { now: () => 1_800_000_000 - 91 } }],
  ])("is refused with a proof by, or for, %s", async (_what, changes) => {
    const { exchange, token, prove, observer } = await plain();
    const proof = await prove(changes);
    expect(await exchange(token, { confirmation_key: jwk, confirmation_proof: proof })).toMatchObject(
      REFUSED,
    );
    expect(observer.refusal).toMatchObject({ kind: "invalid_confirmation", rule: "support agent" });
  });

  test.each([
    ["a private key", JSON.stringify(agent.toPrivateJwk())],
    ["no JSON", "{"],
    ["null", "null"],
    ["an RSA key", '{"kty":"RSA","n":"AQAB","e":"AQAB"}'],
    ["a key of small order", `{"kty":"OKP","crv":"Ed25519","x":"${"A".repeat(43)}"}`],
  ])("is refused when it is %s", async (_what, confirmation_key) => {
    const { exchange, token, prove } = await plain();
    const changes = { confirmation_key, confirmation_proof: await prove() };
    expect(await exchange(token, changes)).toMatchObject(REFUSED);
  });

  test("is refused with a token, or junk, in place of the proof", async () => {
    const { exchange, token } = await plain();
    for (const confirmation_proof of [token, "a.b.c", "x".repeat(3000)])
      expect(await exchange(token, { confirmation_key: jwk, confirmation_proof })).toMatchObject(REFUSED);
  });

  test("is taken once per proof, of 50 at a time too", async () => {
    const { exchange, token, prove } = await plain();
    const changes = { confirmation_key: jwk, confirmation_proof: await prove() };
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(token, changes)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(49);
  });

  test("does not use up its proof in an exchange that is refused before", async () => {
    const { exchange, token, prove } = await plain();
    const changes = { confirmation_key: jwk, confirmation_proof: await prove() };
    expect((await exchange(token, { ...changes, audience: "https://other.example" })).status).toBe(400);
    expect((await exchange(token, changes)).status).toBe(200);
  });

  test.each<[string, () => Promise<boolean>, string]>([
    ["is down", () => Promise.reject(new Error("down")), "Error: down"],
    ["hangs", () => new Promise(() => undefined), "Error: the replay cache took longer than 0.05 seconds"],
    [
      "throws",
      () => {
        throw new TypeError("thrown");
      },
      "TypeError: thrown",
    ],
  ])("is not taken while the replay cache %s: 503", async (_how, checkAndAdd, cause) => {
    const replayCache = {
      checkAndAdd,
      exists: async () => false,
      count: async () => 0,
      clear: async () => undefined,
    };
    const { exchange, token, prove, observer } = await plain({}, { replayCache, timeoutSeconds: 0.05 });
    const changes = { confirmation_key: jwk, confirmation_proof: await prove() };
    const { status, headers, body } = await exchange(token, changes);
    expect([status, body["error"], headers.get("retry-after")]).toEqual([
      503,
      "temporarily_unavailable",
      "1",
    ]);
    expect(observer.refusal.cause).toEqual([cause]);
  });
});
