import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { githubClaims } from "../support/documented-claims.ts";
import { ISSUER, issuing, plainClaims, plainPolicy } from "../support/issuing.ts";
import { CERTIFICATE, CERTIFICATE_KEY } from "../support/localhost-certificate.ts";
import { startPlatform } from "../support/platform-server.ts";
import { type SigningKey, signingKey } from "../support/signing-key.ts";

const key = await signingKey();
const GITHUB = "https://token.actions.githubusercontent.com";
const NOTHING_FETCHED = { allowInsecure: undefined };

const keySet = (...keys: readonly SigningKey[]) => ({ keys: keys.map(({ publicJwk }) => publicJwk) });

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "attest-issuer-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe("keys that stand in the policy", () => {
  test("verify the tokens of a shared platform by its real issuer, and only the owner's", async () => {
    const rule = { claims: { repository_owner_id: "65", repository_id: "74" } };
    const policy = plainPolicy(GITHUB, rule, { ...NOTHING_FETCHED, jwks: keySet(key) });
    const { exchange, clock } = issuing(policy);
    const claims = githubClaims({ iss: GITHUB, aud: ISSUER, now: clock.now() });
    expect((await exchange(await key.sign(claims))).status).toBe(200);
    const ofOthers = { ...claims, repository_owner_id: "66" };
    expect((await exchange(await key.sign(ofOthers))).status).toBe(400);
  });
});

describe("keys in a file", () => {
  const IDP = "https://kubernetes.default.svc";

  test("are read when they are needed, and again for a key that is new in it", async () => {
    const file = join(temporaryFolder(), "keys.json");
    const { exchange, clock, observer } = issuing(
      plainPolicy(IDP, {}, { ...NOTHING_FETCHED, jwks: { file } }),
    );
    const token = async (by: SigningKey) => by.sign(plainClaims(IDP, clock.now()));
    expect((await exchange(await token(key))).status).toBe(503);
    expect(observer.refusal.cause.join()).toContain("ENOENT");
    writeFileSync(file, JSON.stringify(keySet(key)));
    clock.advance(31);
    expect((await exchange(await token(key))).status).toBe(200);
    const next = await signingKey();
    writeFileSync(file, JSON.stringify(keySet(key, next)));
    expect((await exchange(await token(next))).status).toBe(200);
    expect(observer.events).toContainEqual(
      expect.objectContaining({ type: "key_set_fetched", issuer: "corp", usableKeys: 2 }),
    );
  });

  test("are used on while the file is wrong, which is reported, and gone when it says so", async () => {
    const file = join(temporaryFolder(), "keys.json");
    writeFileSync(file, JSON.stringify(keySet(key)));
    const { exchange, clock, observer } = issuing(
      plainPolicy(IDP, {}, { ...NOTHING_FETCHED, jwks: { file } }),
    );
    const token = () => key.sign(plainClaims(IDP, clock.now()));
    expect((await exchange(await token())).status).toBe(200);
    writeFileSync(file, "{");
    clock.advance(61);
    expect((await exchange(await token())).status).toBe(200);
    expect(observer.events.some((event) => event.type === "stale_key_set_served")).toBe(true);
    writeFileSync(file, JSON.stringify(keySet(await signingKey())));
    clock.advance(61);
    await expect.poll(async () => (await exchange(await token())).status).toBe(400);
  });
});

describe("keys at a URL, or by discovery", () => {
  test("come from where the policy says, without discovery", async () => {
    const server = await startPlatform(key);
    const jwks = { url: `${server.issuer}/openid/v1/jwks` };
    const { exchange, clock } = issuing(
      plainPolicy("https://idp.corp.example", {}, { jwks, allowInsecure: "loopback" }),
    );
    const token = await key.sign(plainClaims("https://idp.corp.example", clock.now()));
    expect((await exchange(token)).status).toBe(200);
    expect(server.requests).toEqual(["/openid/v1/jwks"]);
  });

  test("come over TLS from a server whose authority the policy names, in the policy or a file, and from no other", async () => {
    const server = createServer({ cert: CERTIFICATE, key: CERTIFICATE_KEY }, (_request, response) =>
      response.end(JSON.stringify(keySet(key))),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const file = join(temporaryFolder(), "ca.pem");
    writeFileSync(file, CERTIFICATE);
    const statusWith = async (ca: unknown) => {
      const { exchange, clock } = issuing(
        plainPolicy("https://idp.corp.example", {}, { jwks: { url }, allowInsecure: "loopback", ca }),
      );
      return (await exchange(await key.sign(plainClaims("https://idp.corp.example", clock.now())))).status;
    };
    expect(await statusWith(CERTIFICATE)).toBe(200);
    expect(await statusWith({ file })).toBe(200);
    expect(await statusWith(undefined)).toBe(503);
    expect(await statusWith({ file: `${file}.gone` })).toBe(503);
  });

  test("do not come from a private address unless the policy allows a private network", async () => {
    const policy = (issuer: string, allowPrivateNetwork: boolean) =>
      plainPolicy(issuer, {}, { allowInsecure: undefined, allowPrivateNetwork });
    const [platform] = issuing(policy("https://10.1.2.3", true)).issuer.policy.platforms;
    expect(platform).toMatchObject({ allowPrivateNetwork: true });
    expect(() => issuing(policy("https://10.1.2.3", false))).toThrow("not public");
    for (const never of ["https://localhost", "https://127.0.0.1", "https://169.254.169.254"])
      expect(() => issuing(policy(never, true))).toThrow("not public");
  });

  test("that are shorter than 2048 bits, symmetric, private or for encryption verify nothing", async () => {
    const server = await startPlatform();
    const rsa = await signingKey("RS256");
    const { exchange, clock, observer } = issuing(plainPolicy(server.issuer));
    const unusable = [
      { ...rsa.publicJwk, n: String(rsa.publicJwk["n"]).slice(0, 341) },
      { ...rsa.publicJwk, use: "enc" },
      { ...rsa.publicJwk, alg: "RSA-OAEP" },
      { ...rsa.publicJwk, key_ops: ["sign"] },
      { ...rsa.publicJwk, d: "AQAB" },
      { ...rsa.publicJwk, n: 7 },
      { ...rsa.publicJwk, kid: undefined },
      { kty: "oct", k: "AAAA", kid: rsa.kid, alg: "HS256" },
      { kty: "EC", crv: "secp256k1", x: "AA", y: "AA", kid: rsa.kid },
      null,
      "key",
    ];
    server.instead = (request, response) => {
      const discovery = { issuer: server.issuer, jwks_uri: `${server.issuer}/keys` };
      response.end(JSON.stringify(request.url === "/keys" ? { keys: unusable } : discovery));
    };
    expect((await exchange(await rsa.sign(plainClaims(server.issuer, clock.now())))).status).toBe(400);
    const fetched = observer.events.find((event) => event.type === "key_set_fetched");
    expect(fetched).toMatchObject({ usableKeys: 0, issuer: "corp" });
    expect(fetched?.type === "key_set_fetched" && fetched.skippedKeys).toHaveLength(unusable.length);
  });

  test("of which two have one kid are both unused, and the same key twice is one", async () => {
    const [one, two] = [await signingKey("ES256", "same"), await signingKey("ES256", "same")];
    const server = await startPlatform(one, two);
    const { exchange, clock } = issuing(plainPolicy(server.issuer));
    const token = await one.sign(plainClaims(server.issuer, clock.now()));
    expect((await exchange(token)).status).toBe(400);
    server.keys = [one, one];
    clock.advance(31);
    expect((await exchange(token)).status).toBe(200);
  });
});
