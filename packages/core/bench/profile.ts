import { Session } from "node:inspector/promises";
import { AttestationVerifier, InMemoryKeyResolver } from "@attest/core";
import { AUDIENCE, freshTokens, ISSUER, keyPair } from "./subject.ts";

/*
 * `pnpm --filter @attest/core profile`: where the time of a verification goes, by the functions it is spent in.
 */
const TOKENS = 20_000;

/** The first pattern that a function's name and file match says what it is counted for. */
const GROUPS: readonly (readonly [string, RegExp])[] = [
  [
    "OpenSSL's verification, and the call into it",
    /^(run |SignJob|verifyOneShot|.*(crypto\/|ed25519\.node))/,
  ],
  ["canonicality of the signature", /strict-ed25519|ed25519-public-key/],
  [
    "JSON, base64url and UTF-8",
    /compact-jws|base64url|utf8|encod|decode-token|token-header|node:buffer|^from |Slice|Write/,
  ],
  ["the claims' shapes", /read-claims|token\/claims|identity\//],
  ["the replay cache", /dist\/replay\/|replay\/(expiring|fingerprint|in-memory)/],
  [
    "the checks and the promises between them",
    /verify\/|checks\/|deadline|in-memory-key-resolver|trusted-issuer/,
  ],
  ["garbage collection", /garbage collector/],
];

const keyResolver = new InMemoryKeyResolver();
keyResolver.addKeyPair(ISSUER, keyPair);
const verifier = new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, audience: AUDIENCE });
// Fresh tokens out of JSON, as a server gets them: none trains the branch predictor of the signature's verification.
for (const token of await freshTokens(3000)) await verifier.verify(token);
const tokens = await freshTokens(TOKENS);

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: 200 });
await session.post("Profiler.start");
for (const token of tokens) await verifier.verify(token);
const { profile } = await session.post("Profiler.stop");

const names = new Map(
  profile.nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName} ${callFrame.url}`]),
);
const spent = new Map<string, number>();
for (const [index, id] of (profile.samples ?? []).entries()) {
  const name = names.get(id) ?? "";
  const group =
    GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? "everything else, the profiler included";
  spent.set(group, (spent.get(group) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
}
for (const [group, microseconds] of [...spent].sort(([, a], [, b]) => b - a)) {
  console.log(`${(microseconds / TOKENS).toFixed(1).padStart(7)} µs  ${group}`);
}
