import { AttestationVerifier, decodeToken, KeyPair } from "@attest/core";
import { describe, expect, test } from "vitest";
import { AUDIENCE, ISSUER, issuing, plainClaims, plainPolicy } from "../support/issuing.ts";
import { startPlatform } from "../support/platform-server.ts";
import { signingKey } from "../support/signing-key.ts";

const RULES = 20;

describe("100 exchanges at once", () => {
  test("are each answered for who asks, while the platform and the issuer rotate keys and the policy reloads", async () => {
    const keys = await Promise.all(Array.from({ length: 4 }, () => signingKey()));
    const [first] = keys;
    if (first === undefined) throw new Error("no key");
    const server = await startPlatform(first);
    const rules = Array.from({ length: RULES }, (_, index) => ({
      ...(plainPolicy("") as { rules: object[] }).rules[0],
      name: `agent-${index}`,
      claims: { sub: `workload-${index}` },
    }));
    const policy = { ...plainPolicy(server.issuer), rules };
    const { issuer, exchange, clock, keyRing, observer } = issuing(policy);
    const published = new Map<string, KeyPair>([[keyRing.kid, keyRing.current]]);
    const verifier = new AttestationVerifier({
      trustedIssuers: [{ issuer: ISSUER, trustDomains: ["corp.example"] }],
      keyResolver: { getKey: (_issuer, kid) => published.get(kid)?.publicKey },
      audience: AUDIENCE,
      clock,
    });
    let reloads = 0;
    for (const [round, key] of keys.entries()) {
      // New keys are found once per cooldown.
      if (round > 0) clock.advance(31);
      server.keys = keys.slice(0, round + 1);
      const asked = Array.from({ length: 100 }, async (_, index) => {
        const claims = plainClaims(server.issuer, clock.now(), { sub: `workload-${index % (RULES + 1)}` });
        const signer = index % 2 === 0 ? key : first;
        const answering = signer.sign(claims).then((token) => exchange(token));
        if (index % 10 === 5) {
          const next = KeyPair.generate();
          published.set(next.kid, next);
          keyRing.rotate(next);
        }
        if (index % 10 === 0) {
          expect(issuer.reload({ ...policy, rules: [...rules] })).toBe(true);
          expect(issuer.reload("rules: [")).toBe(false);
          reloads++;
        }
        return { index: index % (RULES + 1), ...(await answering) };
      });
      for (const { index, status, body } of await Promise.all(asked)) {
        if (index === RULES) {
          expect([status, body["error"]]).toEqual([400, "invalid_grant"]);
          continue;
        }
        expect(status).toBe(200);
        const token = body["access_token"] as string;
        expect(decodeToken(token).claims.sub).toBe(`spiffe://corp.example/agent/agent-${index}`);
        expect(await verifier.verify(token)).toMatchObject({ verified: true });
      }
    }
    expect(reloads).toBe(40);
    const jtis = observer.events.flatMap((event) => (event.type === "attestation_issued" ? [event.jti] : []));
    expect(new Set(jtis).size).toBe(jtis.length);
    // Two documents per new key, however many asked for it.
    expect(server.requests.length).toBeLessThanOrEqual(2 * keys.length);
  });
});
