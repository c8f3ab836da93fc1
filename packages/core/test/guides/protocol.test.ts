import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AttestationErrorCode } from "../../src/errors.js";
import { SafetyLevel } from "../../src/identity/attestation-metadata.js";
import { KeyPair } from "../../src/keys/key-pair.js";
import { parseProof } from "../../src/proof/parse-proof.js";
import { type ProvenRequest, requestHash } from "../../src/proof/request-hash.js";
import { ProofPolicy } from "../../src/proof-policy.js";
import { encodeCompactJws } from "../../src/token/compact-jws.js";
import { sha256 } from "../support/bound.js";
import { hashOf } from "../support/canonical.js";
import { RFC_8037 } from "../support/vectors.js";

const page = readFileSync(new URL("../../../../docs/protocol.md", import.meta.url), "utf8");
const vectors = page.slice(page.indexOf("\n## Vectors"));

describe("the protocol's page", () => {
  test("names every error code with its reason", () => {
    const rows = [...page.matchAll(/^\| (10\d\d) \| `(\w+)` \|/gm)].map(([, code, reason]) => [
      reason,
      Number(code),
    ]);
    expect(rows).toEqual(
      Object.entries(AttestationErrorCode).map(([name, code]) => [name.toLowerCase(), code]),
    );
  });

  test("names every policy for proofs and every safety level", () => {
    for (const name of [...Object.values(ProofPolicy), ...Object.values(SafetyLevel)]) {
      expect(page).toContain(`\`${name}\``);
    }
  });

  test("has request hashes that come out so", () => {
    const rows = [...vectors.matchAll(/^\| `(\{.*\})` \| `([\w-]{43})` \|$/gm)];
    expect(rows).toHaveLength(7);
    for (const [, message = "", hash] of rows) {
      const request = JSON.parse(message) as ProvenRequest;
      expect(requestHash(request)).toBe(hash);
      expect(hashOf(request)).toBe(hash);
    }
  });

  test("has a proof that its key makes of its header and payload, and that reads as it says", () => {
    const [header = "", payload = ""] = [...vectors.matchAll(/```json\n(.*)\n```/g)].map(
      ([, text = ""]) => text,
    );
    const [, proof = ""] = /```text\n(.*)\n```/.exec(vectors) ?? [];
    const key = KeyPair.fromJwk({ ...RFC_8037.privateJwk, kid: "rfc-8037" });
    expect(vectors).toContain(`\`${key.toPrivateJwk().d}\``);
    const signingInput = [header, payload].map((text) => Buffer.from(text).toString("base64url")).join(".");
    expect(encodeCompactJws(signingInput, key.sign(Buffer.from(signingInput)))).toBe(proof);
    const { claims } = parseProof(proof);
    expect(claims).toMatchObject(JSON.parse(payload) as object);
    expect(claims.wth).toBe(sha256("a.b.c"));
    expect(vectors).toContain(`\`${claims.req}\` |`);
  });
});
