import { AgentIdentity, AttestationErrorCode, AttestationProvider, decodeToken, KeyPair } from "@attest/core";
import { attempt, type Outcome } from "./attempt.js";
import { unsigned, withPayload } from "./forgery.js";

/** Means of an attacker: the server's address, and the tokens that an honest agent's traffic gave away. */
export interface Battlefield {
  readonly mcpUrl: string;
  /** The issuer that the server trusts. */
  readonly issuer: string;
  /** The name under which tokens are meant for the server. */
  readonly audience: string;
  readonly trustDomain: string;
  /** Another server of that name, which shares its Redis; `undefined` when there is no Redis to share. */
  readonly otherMcpUrl: string | undefined;
  /** A token that an honest agent has used. */
  readonly usedToken: string;
  /** A valid token that nobody has used yet, as if caught on its way. */
  readonly freshToken: () => Promise<string>;
  /** A valid token that its owner got for another server. */
  readonly tokenFor: (audience: string) => Promise<string>;
}

export interface Attack {
  readonly name: string;
  readonly how: string;
  readonly expected: AttestationErrorCode;
  /** `undefined` when it cannot be tried here. */
  readonly run: (field: Battlefield) => Promise<Outcome | undefined>;
}

const {
  INVALID_SIGNATURE,
  UNKNOWN_ISSUER,
  INVALID_AUDIENCE,
  REPLAY_DETECTED,
  MALFORMED_TOKEN,
  ATTESTATION_REQUIRED,
} = AttestationErrorCode;
const TOOL = "restart_service";

/** The attacks of the reference, each over the wire that honest agents use. */
export const attacks: readonly Attack[] = [
  {
    name: "model spoofing",
    how: "signs as the trusted provider, with its own key under the provider's kid",
    expected: INVALID_SIGNATURE,
    run: async (field) => attempt(field.mcpUrl, await forged(field, field.issuer), TOOL),
  },
  {
    name: "provenance forgery",
    how: "vouches for the provider's model from an issuer of its own",
    expected: UNKNOWN_ISSUER,
    run: async (field) => attempt(field.mcpUrl, await forged(field, "https://attacker.example"), TOOL),
  },
  {
    name: "replay",
    how: "presents a token that an honest agent has used",
    expected: REPLAY_DETECTED,
    run: ({ mcpUrl, usedToken }) => attempt(mcpUrl, usedToken, TOOL),
  },
  {
    name: "replay elsewhere",
    how: "presents it at another server, which shares the first one's Redis",
    expected: REPLAY_DETECTED,
    run: async ({ otherMcpUrl, usedToken }) =>
      otherMcpUrl === undefined ? undefined : attempt(otherMcpUrl, usedToken, TOOL),
  },
  {
    name: "tampering",
    how: "rewrites the model in a valid token, keeps its signature",
    expected: INVALID_SIGNATURE,
    run: async ({ mcpUrl, freshToken }) =>
      attempt(
        mcpUrl,
        withPayload(await freshToken(), (payload) => ({
          ...payload,
          agent_identity: { model_family: "demo-9", model_version: "demo-9-huge", provider: "demo-provider" },
        })),
        TOOL,
      ),
  },
  {
    name: "issuer look-alike",
    how: "names the trusted issuer with a slash at its end",
    expected: UNKNOWN_ISSUER,
    run: async (field) => attempt(field.mcpUrl, await forged(field, `${field.issuer}/`), TOOL),
  },
  {
    name: "downgrade: stripped",
    how: "connects as if it knew nothing of attestation",
    expected: ATTESTATION_REQUIRED,
    run: ({ mcpUrl }) => attempt(mcpUrl, undefined, TOOL),
  },
  {
    name: "downgrade: alg none",
    how: "takes the signature off a valid token",
    expected: MALFORMED_TOKEN,
    run: async ({ mcpUrl, freshToken }) => attempt(mcpUrl, unsigned(await freshToken()), TOOL),
  },
  {
    name: "audience mismatch",
    how: "passes on a valid token that was meant for its own server",
    expected: INVALID_AUDIENCE,
    run: async ({ mcpUrl, tokenFor }) =>
      attempt(mcpUrl, await tokenFor("https://attacker.example/mcp"), TOOL),
  },
  {
    name: "safety downgrade",
    how: "rewrites the safety level of a valid token to minimal",
    expected: INVALID_SIGNATURE,
    run: async ({ mcpUrl, freshToken }) =>
      attempt(
        mcpUrl,
        withPayload(await freshToken(), (payload) => ({
          ...payload,
          attestation_metadata: { ...(payload["attestation_metadata"] as object), safety_level: "minimal" },
        })),
        TOOL,
      ),
  },
];

/** A token for a model the attacker is not, well formed in every way, signed with the attacker's own key. */
async function forged(field: Battlefield, issuer: string): Promise<string> {
  const { kid } = decodeToken(field.usedToken).header;
  const identity = new AgentIdentity({
    modelFamily: "demo-1",
    modelVersion: "demo-1-small",
    provider: "demo-provider",
  });
  return new AttestationProvider({ issuer, keyPair: KeyPair.generate(kid) }).createToken({
    identity,
    subject: identity.toSpiffeId(field.trustDomain),
    audience: field.audience,
  });
}
