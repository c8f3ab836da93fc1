import { describe, expect, test } from "vitest";
import { KeyPair } from "../../src/keys/key-pair.js";
import { InMemoryReplayCache } from "../../src/replay/in-memory-replay-cache.js";
import { AttestationVerifier } from "../../src/verify/attestation-verifier.js";
import { AUDIENCE, ISSUER, NOW, refusal } from "../support/attested.js";
import { bound, PROOF_HEADER, proofClaims, REQUEST } from "../support/bound.js";
import { forge } from "../support/forge.js";

const replayed = refusal(1006, "replay");

/** A cache that tells which ids are burned in it, and until when. */
class Watched extends InMemoryReplayCache {
  readonly burned: (readonly [string, number])[] = [];

  override checkAndAdd(id: string, exp: number) {
    this.burned.push([id, exp]);
    return super.checkAndAdd(id, exp);
  }
}

describe("singleUse", () => {
  test("burns a proof by its id and the key's thumbprint, until its own minute and the skew are over", async () => {
    const replayCache = new Watched({ clock: { now: () => NOW } });
    const { present, forgeProof, agentKey } = await bound({ replayCache, clockSkewSeconds: 20 });
    for (const iat of [NOW - 10, NOW, NOW + 20])
      await present(forgeProof({ iat, jti: `id-of-a-proof-${iat}` }));
    const thumbprint = agentKey.publicKey.thumbprint();
    expect(replayCache.burned).toEqual(
      [NOW - 10, NOW, NOW + 20].map((iat) => [`\nproof\nid-of-a-proof-${iat}\n${thumbprint}`, iat + 80]),
    );
  });

  test("burns an unbound token by its own id and its issuer, whatever proof lies beside it", async () => {
    const replayCache = new Watched({ clock: { now: () => NOW } });
    const { verifier, createToken, prove } = await bound({ replayCache });
    const unbound = await createToken();
    expect(await verifier.verify(unbound, { proof: await prove(), request: REQUEST })).toMatchObject({
      verified: true,
    });
    expect(replayCache.burned).toEqual([[expect.stringMatching(`^[0-9a-f-]{36}\n${ISSUER}$`), NOW + 330]]);
    expect(await verifier.verify(unbound)).toMatchObject(replayed);
  });

  test("a proof is good once, and the token a thousand times", async () => {
    const { present, prove } = await bound();
    for (let count = 0; count < 1_000; count++) {
      const proof = await prove();
      expect(await present(proof)).toMatchObject({ verified: true });
      if (count % 100 === 0) expect(await present(proof)).toMatchObject(replayed);
    }
  });

  test("of 40 copies of a proof at once exactly one passes", async () => {
    const { present, prove } = await bound();
    const proof = await prove();
    const results = await Promise.all(Array.from({ length: 40 }, () => present(proof)));
    expect(results.filter(({ verified }) => verified)).toHaveLength(1);
    expect(results.filter(({ errorCode }) => errorCode === 1006)).toHaveLength(39);
  });

  test.each([30, 15, 0, -10, -89])(
    "a proof made %i seconds from now passes once, whenever it comes again",
    async (ahead) => {
      const { present, forgeProof, clock } = await bound();
      const proof = forgeProof({ iat: NOW + ahead });
      expect(await present(proof)).toMatchObject({ verified: true });
      for (let passed = 0; passed <= 240; passed += 0.5) {
        expect(await present(proof), `after ${passed} seconds`).toMatchObject({ verified: false });
        clock.advance(0.5);
      }
    },
  );

  test("two proofs may have one id where their keys differ: nobody burns another's", async () => {
    const { present, forgeProof, createToken, verifier } = await bound();
    const jti = "the-victims-proof-id";
    const thief = KeyPair.generate("thief");
    const own = await createToken({ confirmationKey: thief.publicKey });
    const proof = forge(thief, PROOF_HEADER, { ...proofClaims(own), jti });
    expect(await verifier.verify(own, { proof, request: REQUEST })).toMatchObject({ verified: true });
    expect(await present(forgeProof({ jti }))).toMatchObject({ verified: true });
    expect(await present(forgeProof({ jti }))).toMatchObject(replayed);
  });

  test("a proof that fails anything burns nothing", async () => {
    const replayCache = new Watched({ clock: { now: () => NOW } });
    const { present, forgeProof, keyPair } = await bound({ replayCache });
    const jti = "the-victims-proof-id";
    for (const proof of [
      forgeProof({ jti }, { key: KeyPair.generate() }),
      forgeProof({ jti }, { key: keyPair }),
      forgeProof({ jti, aud: "x" }),
      forgeProof({ jti, iat: NOW - 90 }),
      forgeProof({ jti, req: "A".repeat(43) }),
      forgeProof({ jti, wth: "A".repeat(43) }),
    ]) {
      expect(await present(proof)).toMatchObject(refusal(1012, "proof"));
    }
    expect(replayCache.burned).toEqual([]);
    expect(await present(forgeProof({ jti }))).toMatchObject({ verified: true });
  });

  test("a proof is used once among verifiers that share a cache", async () => {
    const replayCache = new InMemoryReplayCache({ clock: { now: () => NOW } });
    const { present, prove, keyResolver, clock, token } = await bound({ replayCache });
    const other = new AttestationVerifier({
      trustedIssuers: [ISSUER],
      keyResolver,
      clock,
      audience: AUDIENCE,
      replayCache,
    });
    const proof = await prove();
    expect(await present(proof)).toMatchObject({ verified: true });
    expect(await other.verify(token, { proof, request: REQUEST })).toMatchObject(replayed);
  });

  test("a full cache refuses a proof, 1011, and burns none", async () => {
    const { present, prove } = await bound({
      replayCache: new InMemoryReplayCache({ maxEntries: 1, clock: { now: () => NOW } }),
    });
    expect(await present(await prove())).toMatchObject({ verified: true });
    const refused = await prove();
    expect(await present(refused)).toMatchObject(refusal(1011, "replay"));
  });

  test("tells the observer that it was the proof", async () => {
    const { present, prove, observer } = await bound();
    const proof = await prove();
    await present(proof);
    await present(proof);
    expect(observer.events).toContainEqual(
      expect.objectContaining({ type: "rejected", code: 1006, detail: "the proof was used before" }),
    );
  });
});
