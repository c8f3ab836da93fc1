import { createPrivateKey, sign } from "node:crypto";
import { AttestationProvider, KeyPair } from "@attest/core";
import { createSigner } from "fast-jwt";
import { importPKCS8, SignJWT } from "jose";
import { type Contender, measure, printRatios } from "./measure.ts";
import { AUDIENCE, details, freshTokens, ISSUER, identity, keyPair } from "./subject.ts";

/** Making one token, its id and all. Must run before anything imports sodium, for the raw comparison's sake. */
export async function benchSign(): Promise<void> {
  const [sample = ""] = await freshTokens(1);
  const pem = keyPair.toPem();
  const message = Buffer.from(sample.slice(0, sample.lastIndexOf(".")));
  const key = createPrivateKey(pem);
  const payload = JSON.parse(Buffer.from(sample.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
  const fastJwt = createSigner({ key: pem, algorithm: "EdDSA", kid: keyPair.kid, noTimestamp: true });
  const joseKey = await importPKCS8(pem, "EdDSA");
  const joseSign = () =>
    new SignJWT(payload).setProtectedHeader({ alg: "EdDSA", kid: keyPair.kid, typ: "JWT" }).sign(joseKey);

  const contenders: Contender[] = [
    { name: "raw crypto.sign(null, message, key)", run: times(() => sign(null, message, key)) },
    { name: "@attest/core createToken", run: times(mintWith(keyPair)) },
    { name: "fast-jwt", run: times(() => fastJwt(payload)) },
    { name: "jose, one at a time", run: times(joseSign) },
  ];
  printRatios("sign one token", await measure(contenders));
}

/** Signing with libsodium, beside the raw signature of Node's own. */
export async function benchSodiumSign(): Promise<void> {
  await import("@attest/core/sodium");
  const message = Buffer.alloc(900, "x");
  const key = createPrivateKey(keyPair.toPem());
  printRatios(
    "sign one token with @attest/core/sodium",
    await measure([
      { name: "raw crypto.sign(null, message, key)", run: times(() => sign(null, message, key)) },
      {
        name: "@attest/core createToken, sodium",
        run: times(mintWith(KeyPair.fromPem(keyPair.toPem(), keyPair.kid))),
      },
    ]),
  );
}

function mintWith(pair: KeyPair): () => Promise<string> {
  const provider = new AttestationProvider({ issuer: ISSUER, keyPair: pair });
  return () => provider.createToken({ identity, audience: AUDIENCE, ...details });
}

function times(operation: () => unknown): Contender["run"] {
  return async (operations) => {
    for (let index = 0; index < operations; index++) {
      const result = operation();
      if (result instanceof Promise) await result;
    }
  };
}
