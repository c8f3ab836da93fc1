import { createPrivateKey, sign } from "node:crypto";
import { AttestationProvider, KeyPair } from "@attest/core";
import { onMessages, onNothing } from "./contenders.ts";
import { DPOP_REQUEST, dpopSession } from "./dpop.ts";
import type { Contender } from "./measure.ts";
import { provingContender } from "./proof.ts";
import { AUDIENCE, details, freshTokens, ISSUER, identity, keyPair, versioned } from "./subject.ts";

/** Making of one token with an id of its own. The first is what the others are compared with: nothing but the signature. */
export const SIGNERS: Readonly<Record<string, () => Promise<Contender>>> = {
  raw: async () => {
    const key = createPrivateKey(keyPair.toPem());
    return onMessages("raw crypto.sign, fresh messages", ({ message }) => sign(null, message, key));
  },
  core: async () => onNothing("@attest/core createToken", mintWith(keyPair)),
  proof: async () => provingContender(300),
  dpop: async () => {
    const session = await dpopSession();
    return onNothing(`${versioned("@modelcontextprotocol/client")}, a DPoP proof`, () =>
      session.buildProof(DPOP_REQUEST),
    );
  },
  "fast-jwt": async () => {
    const { createSigner } = await import("fast-jwt");
    const signWith = createSigner({
      key: keyPair.toPem(),
      algorithm: "EdDSA",
      kid: keyPair.kid,
      noTimestamp: true,
    });
    const payload = await samplePayload();
    return onNothing(`${versioned("fast-jwt")}, the payload given`, () => signWith(payload));
  },
  jose: async () => {
    const { importPKCS8, SignJWT } = await import("jose");
    const key = await importPKCS8(keyPair.toPem(), "EdDSA");
    const payload = await samplePayload();
    const header = { alg: "EdDSA", kid: keyPair.kid, typ: "JWT" };
    return onNothing(`${versioned("jose")}, one at a time, the payload given`, () =>
      new SignJWT(payload).setProtectedHeader(header).sign(key),
    );
  },
  sodium: async () => {
    const { default: sodium } = await import("sodium-native");
    const [seed, secret] = [Buffer.from(keyPair.toPrivateJwk().d, "base64url"), Buffer.alloc(64)];
    sodium.crypto_sign_seed_keypair(Buffer.alloc(32), secret, seed);
    return onMessages(`${versioned("sodium-native")} itself, fresh messages`, ({ message }) =>
      sodium.crypto_sign_detached(Buffer.alloc(64), message, secret),
    );
  },
  "core-with-sodium": async () => {
    await import("@attest/core/sodium");
    return onNothing(
      "@attest/core with @attest/core/sodium",
      mintWith(KeyPair.fromPem(keyPair.toPem(), keyPair.kid)),
    );
  },
};

function mintWith(pair: KeyPair): () => Promise<string> {
  const provider = new AttestationProvider({ issuer: ISSUER, keyPair: pair });
  return () => provider.createToken({ identity, audience: AUDIENCE, ...details });
}

async function samplePayload(): Promise<Record<string, unknown>> {
  const [sample = ""] = await freshTokens(1);
  return JSON.parse(Buffer.from(sample.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
}
