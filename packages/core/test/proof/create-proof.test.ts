import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import type { Signer } from "../../src/ports.js";
import type { CreateProofOptions } from "../../src/proof/create-proof.js";
import { parseProof } from "../../src/proof/parse-proof.js";
import { AUDIENCE, NOW } from "../support/attested.js";
import { bound, REQUEST, sha256 } from "../support/bound.js";
import { hashOf } from "../support/canonical.js";
import { refusing } from "../support/context.js";

describe("createProof", () => {
  test("makes a proof that says what the protocol wants, and no more", async () => {
    const { prove, token, agentKey } = await bound();
    const proof = await prove();
    const [header = "", payload = ""] = proof
      .split(".")
      .map((part) => Buffer.from(part, "base64url").toString());
    expect(JSON.parse(header)).toEqual({ alg: "EdDSA", typ: "attestation-pop+jwt" });
    expect(JSON.parse(payload)).toEqual({
      aud: AUDIENCE,
      iat: NOW,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      wth: sha256(token),
      req: hashOf(REQUEST),
    });
    const { signingInput, signature } = parseProof(proof);
    expect(agentKey.publicKey.verify(signingInput, signature)).toBe(true);
  });

  test("names URL, nonce and access token where it is given them", async () => {
    const { prove } = await bound();
    const url = "https://user:secret@A.example:443/mcp?session=1#x";
    const { claims } = parseProof(await prove({ url, nonce: "n", accessToken: "at" }));
    expect(claims).toMatchObject({ htu: "https://a.example/mcp", nonce: "n", ath: sha256("at") });
  });

  test("gives every proof an id of its own", async () => {
    const { prove } = await bound();
    const ids = await Promise.all(
      Array.from({ length: 100 }, async () => parseProof(await prove()).claims.jti),
    );
    expect(new Set(ids).size).toBe(100);
  });

  test("writes the whole second", async () => {
    const { prove } = await bound();
    expect(parseProof(await prove({ clock: { now: () => NOW + 0.9 } })).claims.iat).toBe(NOW);
  });

  describe("with a signer that shows no public key", () => {
    const signerOf = (sign: (message: Uint8Array) => unknown, alg = "EdDSA"): Signer =>
      ({ kid: "kms", alg, sign }) as Signer;

    test.each<[string, (key: KeyPair) => Signer]>([
      ["answers at once", (key) => signerOf((message) => key.sign(message))],
      ["waits", (key) => signerOf(async (message) => key.sign(message))],
      ["returns a Buffer", (key) => signerOf((message) => Buffer.from(key.sign(message)))],
      ["calls its algorithm Ed25519", (key) => signerOf((message) => key.sign(message), "Ed25519")],
      [
        "writes into what it is given",
        (key) =>
          signerOf((message) => {
            const signature = key.sign(Uint8Array.from(message));
            message.fill(0);
            return signature;
          }),
      ],
    ])("and %s, makes a proof that verifies", async (_, signerFor) => {
      const { agentKey, prove, present } = await bound();
      expect(await present(await prove({ key: signerFor(agentKey) }))).toMatchObject({ verified: true });
    });

    test("throws when the token is bound to another key, at each call", async () => {
      const { prove } = await bound();
      const other = KeyPair.generate();
      const key = signerOf((message) => other.sign(message));
      for (let count = 0; count < 2; count++) {
        await expect(prove({ key })).rejects.toThrow(
          new TypeError("the token is bound to another key than the one that is to prove it"),
        );
      }
    });

    test("notices when it signs with another key from now on", async () => {
      const { agentKey, prove } = await bound();
      let current = agentKey;
      const key = signerOf((message) => current.sign(message));
      await prove({ key });
      current = KeyPair.generate();
      await expect(prove({ key })).rejects.toThrow("another key");
    });

    test.each([undefined, null, "signature", new Uint8Array(63), new Uint8Array(65), [1]])(
      "throws when it returns %j",
      async (returned) => {
        const { prove } = await bound();
        await expect(prove({ key: signerOf(() => returned) })).rejects.toThrow(
          new TypeError("key.sign must return the 64 bytes of an Ed25519 signature"),
        );
      },
    );

    test("passes on what it throws", async () => {
      const { prove } = await bound();
      const outage = new Error("KMS down");
      await expect(prove({ key: signerOf(() => Promise.reject(outage)) })).rejects.toBe(outage);
    });
  });

  test("throws when the token is bound to another key", async () => {
    const { prove } = await bound();
    await expect(prove({ key: KeyPair.generate() })).rejects.toThrow(
      new TypeError("the token is bound to another key than the one that is to prove it"),
    );
  });

  test("throws when the token is not bound", async () => {
    const { prove, createToken } = await bound();
    await expect(prove({ token: await createToken() })).rejects.toThrow(
      /^the token is not bound to a key: ask its issuer for one that is/,
    );
  });

  test("throws when the token is not for the audience", async () => {
    const { prove, createToken, agentKey } = await bound();
    const message = "audience must be one of the token's own audiences";
    await expect(prove({ audience: "https://other.example" })).rejects.toThrow(new TypeError(message));
    const token = await createToken({ audience: ["a", "b"], confirmationKey: agentKey.publicKey });
    expect(parseProof(await prove({ token, audience: "b" })).claims.aud).toBe("b");
  });

  test("throws what decodeToken throws when the token is none", async () => {
    const { prove } = await bound();
    await expect(prove({ token: "no token" })).rejects.toEqual(refusing(1008));
  });

  test("throws 1012 when the request has no canonical form", async () => {
    const { prove } = await bound();
    await expect(prove({ request: { method: "x", params: { a: "\ud800" } } })).rejects.toEqual(
      refusing(1012),
    );
    const request = JSON.parse('{"method":"x","params":{"__proto__":1}}') as CreateProofOptions["request"];
    await expect(prove({ request })).rejects.toEqual(refusing(1012));
  });

  test.each<[keyof CreateProofOptions, readonly unknown[]]>([
    [
      "key",
      [undefined, null, {}, "key", { sign: () => 1 }, { alg: "EdDSA" }, { alg: "ES256", sign: () => 1 }],
    ],
    ["token", [undefined, null, "", 1]],
    ["audience", [undefined, null, "", ["a"]]],
    ["request", [undefined, null, "tools/list", {}, { method: 1 }]],
    ["url", [null, "", "/mcp", "ftp://a.example", new URL("https://a.example")]],
    ["nonce", [null, "", 1, "n".repeat(129), "n\n", "é"]],
    ["accessToken", [null, "", 1]],
    ["clock", [null, {}, Date]],
  ])("names %s when it is wrong", async (name, values) => {
    const { prove } = await bound();
    for (const value of values) {
      await expect(prove({ [name]: value })).rejects.toThrow(new RegExp(`^(createProof: )?${name} `));
    }
  });

  test("refuses options that it does not know", async () => {
    const { prove } = await bound();
    await expect(prove({ accessTokens: "x" } as object)).rejects.toThrow(
      /unknown option "accessTokens"; did you mean "accessToken"/,
    );
  });

  test("does not take undefined options for given", async () => {
    const { prove, present } = await bound();
    const proof = await prove({ url: undefined, nonce: undefined, accessToken: undefined });
    expect(await present(proof)).toMatchObject({ verified: true });
  });

  test("never shows a whole token or an access token", async () => {
    const { prove, token } = await bound();
    const said = await prove({ key: KeyPair.generate(), accessToken: "secret-access" }).catch(String);
    expect(said).not.toContain("secret-access");
    expect(said).not.toContain(token.slice(0, 20));
    const [, payload = ""] = (await prove({ accessToken: "secret-access" })).split(".");
    expect(Buffer.from(payload, "base64url").toString()).not.toContain("secret-access");
  });
});
