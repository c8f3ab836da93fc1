import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

/** Key of a platform, that signs its workloads' tokens. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** Signs claims; `header` replaces or adds members of the header. */
  sign(claims: JWTPayload | object, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

let made = 0;

/** Makes a key for an algorithm, under a `kid` of its own unless one is given. */
export async function signingKey(alg = "ES256", kid = `${alg}-${++made}`): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    alg,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" },
    sign: (claims, header = {}) =>
      new SignJWT(claims as JWTPayload)
        .setProtectedHeader({ alg, kid, typ: "JWT", ...header })
        .sign(privateKey),
  };
}
