import * as v from "valibot";

/*
 * The rules for claims (protocol §1) once more, as a schema: a second implementation that the first is compared with. It
 * shares no code with it.
 */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;

const name = v.custom<string>(
  (value) => typeof value === "string" && value !== "" && [...value].length <= 256,
);
const time = v.custom<number>((value) => Number.isFinite(value) && (value as number) >= 0);
const hash = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/i));
/** For an object that needs no member: valibot takes a list for an object too. */
const notList = v.custom<object>((value) => !Array.isArray(value));
const bytes32 = v.custom<string>((value) => {
  if (typeof value !== "string") return false;
  const bytes = Buffer.from(value, "base64url");
  return bytes.length === 32 && bytes.toString("base64url") === value;
});

const publicJwk = v.object({
  kty: v.literal("OKP"),
  crv: v.literal("Ed25519"),
  alg: v.nullish(v.picklist(["EdDSA", "Ed25519"])),
  x: bytes32,
  d: v.optional(v.never()),
});

export const claimsSchema = v.pipe(
  v.object({
    iss: v.string(),
    sub: v.pipe(v.string(), v.maxLength(2048), v.regex(SPIFFE_ID)),
    aud: v.union([v.string(), v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(16))]),
    iat: time,
    exp: time,
    nbf: v.optional(v.custom<number>(Number.isFinite)),
    jti: v.pipe(v.string(), v.regex(/^[ -~]{1,128}$/)),
    agent_identity: v.object({
      model_family: name,
      model_version: name,
      provider: name,
      deployment_id: v.nullish(name),
    }),
    attestation_metadata: v.object({
      attestation_version: v.pipe(v.string(), v.regex(/^0\.1\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/)),
      attestation_type: v.picklist(["provider", "enterprise"]),
      safety_level: v.picklist(["standard", "enhanced", "minimal"]),
      capabilities_declared: v.pipe(v.array(v.string()), v.maxLength(64)),
    }),
    agent_integrity: v.nullish(
      v.pipe(notList, v.object({ config_hash: v.nullish(hash), system_prompt_hash: v.nullish(hash) })),
    ),
    cnf: v.optional(v.object({ jwk: publicJwk })),
  }),
  v.check(({ iat, exp }) => exp > iat),
);
