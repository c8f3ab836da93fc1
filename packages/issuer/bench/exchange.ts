import { KeyPair } from "@attest/core";
import { createIssuer, readTrustPolicy } from "@attest/issuer";
import { KeyRing } from "@attest/jwks";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { benchSize } from "../../../test-support/bench-size.ts";

/*
 * CPU time of one exchange, from request to answer, for each algorithm of platforms: all threads of the process, since
 * signatures are verified in others. The medians of all rounds.
 */
const ROUNDS = benchSize(15, 1);
const PER_ROUND = benchSize(1000, 20);
const ISSUER = "https://attest.corp.example";
const AUDIENCE = "https://mcp.corp.example";

for (const alg of ["RS256", "ES256", "EdDSA"]) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "key-1", alg };
  const issuer = createIssuer({
    issuer: ISSUER,
    trustDomain: "corp.example",
    signer: new KeyRing({ current: KeyPair.generate() }),
    policy: readTrustPolicy({
      platforms: { idp: { issuer: "https://idp.corp.example", audience: ISSUER, jwks: { keys: [jwk] } } },
      rules: Array.from({ length: 20 }, (_, index) => ({
        name: `agent ${index}`,
        from: "idp",
        claims: { sub: `workload-${index}` },
        agent: { modelFamily: "m", modelVersion: "m-1", provider: "acme" },
        audiences: [AUDIENCE],
      })),
    }),
  });
  const token = await new SignJWT({ sub: "workload-19" })
    .setProtectedHeader({ alg, kid: "key-1" })
    .setIssuer("https://idp.corp.example")
    .setAudience(ISSUER)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(privateKey);
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: token,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    audience: AUDIENCE,
  });
  const milliseconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let done = 0; done < PER_ROUND; done++) {
      const response = await issuer.handle(new Request(`${ISSUER}/token`, { method: "POST", body }));
      if (response.status !== 200) throw new Error(await response.text());
    }
    const { user, system } = process.cpuUsage(before);
    milliseconds.push((user + system) / 1000 / PER_ROUND);
  }
  const median = milliseconds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  console.log(`${alg.padEnd(6)} ${median.toFixed(2)} ms of CPU for each exchange`);
}
