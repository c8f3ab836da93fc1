import { inspect } from "node:util";
import { KeyPair } from "@attest/core";
import { createLocalJWKSet, importJWK, type JSONWebKeySet, jwtVerify, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import type { JWKSet } from "../../src/jwk-set.js";
import { jwksHandler } from "../../src/publishing/jwks-handler.js";

const URL = "https://issuer.example/.well-known/jwks.json";
const keyPair = KeyPair.generate("key-1");
const published = { ...keyPair.toJwk(), use: "sig", alg: "EdDSA" };

function request(method = "GET", headers: Record<string, string> = {}): Request {
  return new Request(URL, { method, headers });
}

describe("jwksHandler", () => {
  test("answers GET with the key set of a key pair, to be kept for maxAgeSeconds", async () => {
    const response = jwksHandler(keyPair, { maxAgeSeconds: 60 })(request());
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/jwk-set+json");
    expect(response.headers.get("cache-control")).toBe("public, max-age=60");
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({ keys: [published] });
    expect(response.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
  });

  test("lets five minutes be the default age", () => {
    expect(jwksHandler(keyPair)(request()).headers.get("cache-control")).toBe("public, max-age=300");
  });

  test("answers HEAD with the headers of GET and no body", async () => {
    const handler = jwksHandler(keyPair);
    const head = handler(request("HEAD"));
    expect([...head.headers]).toEqual([...handler(request()).headers]);
    expect(await head.text()).toBe("");
  });

  test.each(["GET", "HEAD"])("answers %s with 304 when the client has the set already", async (method) => {
    const handler = jwksHandler(keyPair);
    const etag = handler(request()).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[!-~]+"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = handler(request(method, { "if-none-match": known }));
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
      expect(response.headers.get("cache-control")).toBe("public, max-age=300");
      expect(await response.text()).toBe("");
    }
    expect(handler(request(method, { "if-none-match": '"other"' })).status).toBe(200);
  });

  test("asks a source again every time, and changes the tag with the keys", async () => {
    let keys: JWKSet = keyPairSet(keyPair);
    const handler = jwksHandler({ jwks: () => keys });
    const before = handler(request());
    keys = keyPairSet(keyPair, KeyPair.generate("key-2"));
    const after = handler(request("GET", { "if-none-match": before.headers.get("etag") ?? "" }));
    expect(after.status).toBe(200);
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    expect(((await after.json()) as JWKSet).keys.map(({ kid }) => kid)).toEqual(["key-1", "key-2"]);
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("answers %s with 405 and what is allowed", (method) => {
    const response = jwksHandler(keyPair)(request(method));
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });

  test("publishes what other libraries find the key by, under the algorithm that its source names", async () => {
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "EdDSA", kid: "key-1" })
      .sign(await importJWK({ ...keyPair.toPrivateJwk() }, "EdDSA"));
    const keySet = (await jwksHandler(keyPair)(request()).json()) as JSONWebKeySet;
    await expect(jwtVerify(token, createLocalJWKSet(keySet))).resolves.toMatchObject({
      key: expect.anything(),
    });

    const renamed = jwksHandler({ jwks: () => ({ keys: [{ ...keyPair.toJwk(), alg: "Ed25519" }] }) });
    expect(await renamed(request()).json()).toEqual({ keys: [{ ...published, alg: "Ed25519" }] });
  });

  test("never publishes a private member, whatever the source holds", async () => {
    const secret = keyPair.toPrivateJwk();
    const handler = jwksHandler({ jwks: () => ({ keys: [secret] }) });
    const body = await handler(request()).text();
    expect(JSON.parse(body)).toEqual({ keys: [published] });
    expect(body).not.toContain(secret.d);
    expect(inspect(handler, { depth: 9 })).not.toContain(secret.d);
  });

  test("says which argument is wrong", () => {
    expect(() => jwksHandler({} as unknown as KeyPair)).toThrow("keys must be");
    expect(() => jwksHandler(keyPair.publicKey as unknown as KeyPair)).toThrow("a key without a kid");
    expect(() => jwksHandler(keyPair, 300 as never)).toThrow(
      "jwksHandler takes an object of options, got number",
    );
    expect(() => jwksHandler(keyPair, { maxAgeSeconds: 0.5 })).toThrow("maxAgeSeconds");
    expect(() => jwksHandler(keyPair, { maxAgeSeconds: -1 })).toThrow("maxAgeSeconds");
  });
});

function keyPairSet(...keyPairs: readonly KeyPair[]): JWKSet {
  return { keys: keyPairs.map((pair) => pair.toJwk()) };
}
