import { createPublicKey, verify } from "node:crypto";
import {
  AttestationProvider,
  AttestationVerifier,
  createProof,
  InMemoryKeyResolver,
  KeyPair,
  type ProvenRequest,
  requestHash,
} from "@attest/core";
import { onFresh, onMessages, onTokens } from "./contenders.ts";
import { ACCESS_TOKEN_HASH, DPOP_REQUEST, dpopSession } from "./dpop.ts";
import type { Contender } from "./measure.ts";
import { AUDIENCE, details, ISSUER, identity, keyPair, throughJson } from "./subject.ts";

const agentKey = KeyPair.generate("agent");

/**
 * Verification of one request with a bound token and a fresh proof. But for its first use, the token is remembered. The
 * first contender is what the others are compared with: nothing but one signature.
 */
export const PROVEN: Readonly<Record<string, () => Promise<Contender>>> = {
  raw: async () => {
    const key = createPublicKey(keyPair.publicKey.toPem());
    return onMessages("raw crypto.verify, fresh messages, decoded before", ({ message, signature }) =>
      verify(null, message, key, signature),
    );
  },
  unbound: async () => {
    const verifier = verifierOf();
    return onTokens("an unbound token", async (token) => assertVerified(await verifier.verify(token)));
  },
  "bound-300": async () => boundRequests("a bound request, 300 B of parameters", 300),
  "bound-1000": async () => boundRequests("a bound request, 1 kB of parameters", 1_000),
  "bound-1000-text": async () => boundRequests("a bound request, 1 kB of parameters, one text", 1_000, text),
  "bound-100000": async () => ({
    ...(await boundRequests("a bound request, 100 kB of parameters", 100_000)),
    oneIn: 20,
  }),
  hash: async () => onFresh("requestHash alone, 1 kB of parameters", requestsOf(1_000), requestHash),
  "first-use": async () => {
    const verifier = verifierOf();
    const uses = (count: number) => all(count, async () => useOf(await boundToken(), requestOf(300)));
    return {
      ...onFresh("the first use of a bound token, 300 B of parameters", uses, presentTo(verifier)),
      oneIn: 10,
    };
  },
  // MCP's own path has no server in the SDK: these are jose's signature and the claims that every server has to look at.
  dpop: async () => {
    const { EmbeddedJWK, jwtVerify } = await import("jose");
    const session = await dpopSession();
    return onFresh(
      "a DPoP proof of the SDK's, read with jose: no body, no replay",
      (count) => all(count, async () => throughJson(await session.buildProof(DPOP_REQUEST))),
      async (proof) => {
        const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
        const { htm, htu, ath } = payload;
        if (htm !== "POST" || htu !== DPOP_REQUEST.htu || ath !== ACCESS_TOKEN_HASH) {
          throw new Error("the benchmark's own proof is for something else");
        }
      },
    );
  },
  create: async () => provingContender(300),
};

/** Returns a contender that makes one proof. */
export async function provingContender(bytes: number): Promise<Contender> {
  const token = await boundToken();
  return onFresh(`@attest/core createProof, ${bytes} B of parameters`, requestsOf(bytes), (request) =>
    createProof({ key: agentKey, token, audience: AUDIENCE, request }),
  );
}

interface Use {
  readonly token: string;
  readonly proof: string;
  readonly request: ProvenRequest;
}

async function boundRequests(name: string, bytes: number, fill = nested): Promise<Contender> {
  const verifier = verifierOf();
  const present = presentTo(verifier);
  const token = await boundToken();
  await present(await useOf(token, requestOf(bytes)));
  return onFresh(
    name,
    (count) => all(count, (index) => useOf(token, requestOf(bytes, index, fill))),
    present,
  );
}

function verifierOf(): AttestationVerifier {
  const keyResolver = new InMemoryKeyResolver();
  keyResolver.addKeyPair(ISSUER, keyPair);
  return new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, audience: AUDIENCE });
}

async function boundToken(): Promise<string> {
  const provider = new AttestationProvider({ issuer: ISSUER, keyPair });
  const confirmationKey = agentKey.publicKey;
  return throughJson(
    await provider.createToken({ identity, audience: AUDIENCE, ...details, confirmationKey }),
  );
}

async function useOf(token: string, request: ProvenRequest): Promise<Use> {
  return throughJson({
    token,
    proof: await createProof({ key: agentKey, token, audience: AUDIENCE, request }),
    request,
  });
}

function presentTo(verifier: AttestationVerifier): (use: Use) => Promise<void> {
  return async ({ token, proof, request }) =>
    assertVerified(await verifier.verify(token, { proof, request }));
}

function assertVerified({ verified }: { readonly verified: boolean }): void {
  if (!verified) throw new Error("the benchmark's own token does not verify");
}

function all<T>(count: number, make: (index: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

function requestsOf(bytes: number): (count: number) => readonly ProvenRequest[] {
  return (count) => Array.from({ length: count }, (_, index) => throughJson(requestOf(bytes, index)));
}

type Fill = (bytes: number, index: number) => object;

/** Arguments as tools take them: texts, numbers, lists, objects. */
const nested: Fill = (bytes, index) => {
  const filters: object[] = [];
  const query = `figures of quarter ${index}, with "notes"`;
  for (let length = query.length + 50; length < bytes; length += 72) {
    filters.push({ field: "department", operator: "equals", value: `sales-${length}`, weight: 0.25 });
  }
  return { query, limit: 20, filters };
};

/** Arguments with one long text, such as a file's. */
const text: Fill = (bytes, index) => ({
  path: `notes/${index}.md`,
  content: "The quick brown fox.\n".repeat(bytes / 22),
});

/** A call whose parameters are about `bytes` long in JSON. */
function requestOf(bytes: number, index = 0, fill: Fill = nested): ProvenRequest {
  return { method: "tools/call", params: { name: "search_documents", arguments: fill(bytes - 60, index) } };
}
