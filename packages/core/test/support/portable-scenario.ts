import {
  AgentIdentity,
  AttestationProvider,
  AttestationVerifier,
  createProof,
  Ed25519PublicKey,
  InMemoryKeyResolver,
  KeyPair,
  requestHash,
  type VerificationResult,
} from "@attest/core";

const ISSUER = "https://api.provider.example";
const AUDIENCE = "https://server.example";

/** A token with the public key that it verifies under, to carry from one runtime to another. */
export interface Sample {
  readonly token: string;
  readonly publicKey: { readonly kty: string; readonly crv: string; readonly x: string };
}

/** A request whose canonical form needs sorting, escapes and UTF-8. */
const REQUEST = {
  method: "tools/call",
  params: { name: "größe", arguments: { "\u20ac": -0, b: [1e21, "\u0007/"], a: null, "10": 1, "9": 2 } },
};

/** A bound token with two proofs: for REQUEST, and for another. */
export interface BoundSample extends Sample {
  readonly proof: string;
  readonly otherProof: string;
  readonly hash: string;
}

/** Verdicts on a runtime's own tokens and on one that it was given: `verified`, or the code and the check that refused. */
export interface Verdicts {
  readonly own: string;
  readonly replayed: string;
  readonly tampered: string;
  readonly otherAudience: string;
  readonly foreign: string;
  readonly foreignTampered: string;
  readonly smallOrderKey: string;
  readonly bound: string;
  readonly boundAgain: string;
  readonly boundWithoutProof: string;
  readonly boundForAnother: string;
  readonly foreignBound: string;
  readonly foreignHash: boolean;
  readonly thumbprint: string;
  readonly sample: Sample;
  readonly boundSample: BoundSample;
}

const KID = "key-1";

/** A token under a new key. */
export async function createSample(
  audience: string = AUDIENCE,
  confirmationKey?: Ed25519PublicKey,
): Promise<Sample> {
  const keyPair = KeyPair.generate(KID);
  const provider = new AttestationProvider({ issuer: ISSUER, keyPair });
  const identity = new AgentIdentity({ modelFamily: "m-1", modelVersion: "m-1-small", provider: "provider" });
  const token = await provider.createToken({
    identity,
    audience,
    subject: "spiffe://provider.example/m-1",
    confirmationKey,
  });
  return { token, publicKey: keyPair.toJwk() };
}

/** A bound token under a new key, with proofs by another. */
export async function createBoundSample(): Promise<BoundSample> {
  const key = KeyPair.generate("agent");
  const sample = await createSample(AUDIENCE, key.publicKey);
  const { token } = sample;
  const prove = (request: typeof REQUEST): Promise<string> =>
    createProof({ key, token, audience: AUDIENCE, request });
  return {
    ...sample,
    proof: await prove(REQUEST),
    otherProof: await prove({ ...REQUEST, method: "tools/list" }),
    hash: requestHash(REQUEST),
  };
}

/** Verifies the sample's tokens under the sample's key. */
export function judge({ publicKey }: Sample): (token: string, proof?: string) => Promise<string> {
  const keyResolver = new InMemoryKeyResolver();
  keyResolver.addKey(ISSUER, KID, Ed25519PublicKey.fromJwk(publicKey));
  const verifier = new AttestationVerifier({ trustedIssuers: [ISSUER], keyResolver, audience: AUDIENCE });
  return async (token, proof) => verdict(await verifier.verify(token, { proof, request: REQUEST }));
}

/** The same token but for one character of its signature. */
export function tamper(token: string): string {
  const at = token.length - 10;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

/** Runs on the runtime under test: creates, verifies and refuses. */
export async function runScenario(foreign: Sample, foreignBound: BoundSample): Promise<Verdicts> {
  const sample = await createSample();
  const judgeOwn = judge(sample);
  const judgeForeign = judge(foreign);
  const elsewhere = await createSample("https://other.example");
  const boundSample = await createBoundSample();
  const judgeBound = judge(boundSample);
  // The tampered one comes first: refusing it must not burn the token.
  return {
    tampered: await judgeOwn(tamper(sample.token)),
    own: await judgeOwn(sample.token),
    replayed: await judgeOwn(sample.token),
    otherAudience: await judge(elsewhere)(elsewhere.token),
    foreignTampered: await judgeForeign(tamper(foreign.token)),
    foreign: await judgeForeign(foreign.token),
    smallOrderKey: importSmallOrderKey(),
    boundWithoutProof: await judgeBound(boundSample.token),
    boundForAnother: await judgeBound(boundSample.token, boundSample.otherProof),
    bound: await judgeBound(boundSample.token, boundSample.proof),
    boundAgain: await judgeBound(boundSample.token, boundSample.proof),
    foreignBound: await judge(foreignBound)(foreignBound.token, foreignBound.proof),
    foreignHash: foreignBound.hash === requestHash(REQUEST),
    thumbprint: Ed25519PublicKey.fromJwk(sample.publicKey).thumbprint(),
    sample,
    boundSample,
  };
}

function verdict(result: VerificationResult): string {
  return result.verified ? "verified" : `${result.errorCode} ${result.failedCheck}`;
}

/** The identity point, y = 1: under it anybody can sign anything. */
function importSmallOrderKey(): string {
  try {
    Ed25519PublicKey.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0)));
    return "imported";
  } catch (error) {
    return error instanceof TypeError ? "refused" : String(error);
  }
}
