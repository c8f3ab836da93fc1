import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Ed25519PublicKey } from "../../../src/keys/ed25519-public-key.js";
import { KeyPair } from "../../../src/keys/key-pair.js";
import type { KeyResolver } from "../../../src/ports.js";
import { signature } from "../../../src/verify/checks/signature.js";
import { bound, PROOF_HEADER, proofClaims, REQUEST, sha256 } from "../../support/bound.js";
import { refusing, runCheck } from "../../support/context.js";
import { forge, HEADER, PAYLOAD } from "../../support/forge.js";

const issuerKey = KeyPair.generate("key-1");
const agentKey = KeyPair.generate("agent");
const confirmed = { ...PAYLOAD, cnf: { jwk: agentKey.publicKey.toJwk() } };

/** The check over a resolver whose answer may change, with a count of what it costs. */
function remembering(maxRememberedTokens?: number) {
  const published: { key: Ed25519PublicKey | undefined; refreshed?: Ed25519PublicKey } = {
    key: issuerKey.publicKey,
  };
  const getKey = vi.fn(() => published.key);
  const keyResolver = { getKey, refresh: () => published.refreshed } as unknown as KeyResolver;
  const check = signature({ keyResolver, maxRememberedTokens });
  const verify = vi.spyOn(Ed25519PublicKey.prototype, "verify");
  onTestFinished(() => void vi.restoreAllMocks());
  /** Runs the check as a verifier does for a bound token; returns how many signatures were verified. */
  async function costOf(token: string, tokenHash: string | undefined = sha256(token)): Promise<number> {
    verify.mockClear();
    await runCheck(check, token, { tokenHash });
    return verify.mock.calls.length;
  }
  return { published, getKey, verify, costOf };
}

describe("signature, of a bound token that comes again", () => {
  const token = forge(issuerKey, HEADER, confirmed);

  test("verifies it once, and asks for the key each time", async () => {
    const { costOf, getKey } = remembering();
    expect([await costOf(token), await costOf(token), await costOf(token)]).toEqual([1, 0, 0]);
    expect(getKey).toHaveBeenCalledTimes(3);
  });

  test("refuses it once the issuer has withdrawn the key", async () => {
    const { costOf, published } = remembering();
    await costOf(token);
    published.key = undefined;
    await expect(costOf(token)).rejects.toEqual(refusing(1003));
  });

  test("refuses it once the issuer has another key under that name", async () => {
    const { costOf, published } = remembering();
    await costOf(token);
    published.key = KeyPair.generate("key-1").publicKey;
    await expect(costOf(token)).rejects.toEqual(refusing(1003));
    await expect(costOf(token)).rejects.toEqual(refusing(1003));
    published.key = issuerKey.publicKey;
    expect(await costOf(token)).toBeLessThanOrEqual(1);
  });

  test("goes by the key, not by the object that holds it", async () => {
    const { costOf, published } = remembering();
    await costOf(token);
    published.key = Ed25519PublicKey.fromJwk(issuerKey.toJwk());
    expect(await costOf(token)).toBe(0);
  });

  test("remembers a token that a refreshed key signed, for as long as that key is the issuer's", async () => {
    const { costOf, published } = remembering();
    published.key = KeyPair.generate("key-1").publicKey;
    published.refreshed = issuerKey.publicKey;
    expect(await costOf(token)).toBe(2);
    published.key = issuerKey.publicKey;
    expect(await costOf(token)).toBe(0);
  });

  test("remembers nothing before a signature stands", async () => {
    const { costOf, verify } = remembering();
    const [header, payload] = token.split(".");
    const forged = `${header}.${payload}.${"A".repeat(86)}`;
    for (let count = 0; count < 3; count++) {
      await expect(costOf(forged)).rejects.toEqual(refusing(1003));
      expect(verify).toHaveBeenCalledTimes(1);
    }
    expect(await costOf(token)).toBe(1);
  });

  test("remembers a token by all of its bytes: the same claims under another signature are another", async () => {
    const { costOf } = remembering();
    await costOf(token);
    const [header, payload, other] = forge(KeyPair.generate(), HEADER, confirmed).split(".");
    await expect(costOf(`${header}.${payload}.${other}`)).rejects.toEqual(refusing(1003));
  });

  test("never remembers a token that is not bound", async () => {
    const { verifier, keyPair } = await bound({ replayCache: null });
    const verify = vi.spyOn(Ed25519PublicKey.prototype, "verify");
    onTestFinished(() => void vi.restoreAllMocks());
    const unbound = forge(keyPair);
    for (let count = 1; count <= 3; count++) {
      expect(await verifier.verify(unbound)).toMatchObject({ verified: true });
      expect(verify).toHaveBeenCalledTimes(count);
    }
  });

  test("remembers as many as it is told; the least recently used are verified again", async () => {
    const { costOf } = remembering(2);
    const [a = "", b = "", c = ""] = ["a", "b", "c"].map((jti) =>
      forge(issuerKey, HEADER, { ...confirmed, jti }),
    );
    const costs: number[] = [];
    for (const next of [a, b, a, c, a, b]) costs.push(await costOf(next));
    expect(costs).toEqual([1, 1, 0, 1, 0, 1]);
  });

  test("remembers 4096 unless it is told otherwise", async () => {
    const { costOf } = remembering();
    // The hash is what tokens are told apart by; so one token may stand for many.
    for (let index = 0; index < 4096; index++) expect(await costOf(token, `${index}`)).toBe(1);
    expect(await costOf(token, "0")).toBe(0);
    expect(await costOf(token, "4096")).toBe(1);
    expect(await costOf(token, "0")).toBe(0);
    expect(await costOf(token, "1")).toBe(1);
  });

  test("saves no other check: a remembered token expires", async () => {
    const { verifier, clock, token: own, prove } = await bound();
    const verdict = async () =>
      (await verifier.verify(own, { proof: await prove(), request: REQUEST })).errorCode;
    expect(await verdict()).toBeNull();
    clock.advance(329.999);
    expect(await verdict()).toBeNull();
    clock.advance(0.001);
    expect(await verdict()).toBe(1001);
  });

  test("costs at most two signatures and the import of one key the first time, and one signature from then on", async () => {
    const { verifier, token: own, agentKey: key } = await bound();
    const verify = vi.spyOn(Ed25519PublicKey.prototype, "verify");
    const importing = vi.spyOn(Ed25519PublicKey, "fromJwk");
    onTestFinished(() => void vi.restoreAllMocks());
    const costs: (readonly number[])[] = [];
    for (let count = 0; count < 3; count++) {
      verify.mockClear();
      importing.mockClear();
      const proof = forge(key, PROOF_HEADER, proofClaims(own));
      expect(await verifier.verify(own, { proof, request: REQUEST })).toMatchObject({ verified: true });
      costs.push([verify.mock.calls.length, importing.mock.calls.length]);
    }
    expect(costs).toEqual([
      [2, 1],
      [1, 0],
      [1, 0],
    ]);
  });
});
