import { membersOf, printable } from "@attest/core/internal";
import type { PlatformKey } from "../platforms/platform-key.js";
import type { Platform, TrustPolicy } from "../policy/trust-policy.js";
import { findPlatform } from "./find-platform.js";
import { Refusal, type RefusalAbout } from "./refusal.js";
import { parseSubjectToken, type SubjectToken } from "./subject-token.js";
import { claimProblems, headerProblems, isAttestation } from "./token-problems.js";
import { verifySignature } from "./verify-signature.js";

/** Workload, as its platform says who it is. */
export interface Workload {
  readonly platform: Platform;
  readonly claims: SubjectToken["claims"];
  readonly subject: string;
}

export interface SubjectTokenContext {
  /** The issuer that the token is presented to. */
  readonly issuer: string;
  readonly policy: TrustPolicy;
  /** Returns a platform's key, or rejects when its keys are unavailable. */
  readonly getKey: (platform: Platform, kid: string) => Promise<PlatformKey | undefined>;
  /** Time now, in seconds since the Unix epoch. */
  readonly now: number;
}

const MAX_RETRY_AFTER_SECONDS = 300;
const DEFAULT_RETRY_AFTER_SECONDS = 5;

/**
 * Returns the workload that a subject token stands for. What can be told without a key is told first: no platform is asked,
 * and no signature verified, for a token that would be refused anyway.
 *
 * @throws {Refusal} when the token is not valid here, or the platform's keys are unavailable.
 */
export async function verifySubjectToken(token: string, context: SubjectTokenContext): Promise<Workload> {
  const parsed = parseSubjectToken(token);
  const { header, claims } = parsed;
  if (isAttestation(parsed) || claims["iss"] === context.issuer)
    throw new Refusal("invalid_token", "an attestation is no subject token");
  const platform = findPlatform(context.policy, parsed);
  if (platform === undefined) {
    const { iss } = claims;
    const named = typeof iss === "string" ? `"${printable(iss)}"` : "nothing";
    throw new Refusal("invalid_token", `the policy names no platform of this token; its iss is ${named}`);
  }
  const { sub } = claims;
  const about = {
    platform: platform.name,
    platformSubject: typeof sub === "string" ? printable(sub) : undefined,
  };
  const [problem] = [...headerProblems(header, platform), ...claimProblems(claims, platform, context.now)];
  if (problem !== undefined) throw new Refusal("invalid_token", problem, about);
  await verifyWithKey(token, String(header["kid"]), platform, context, about);
  return { platform, claims, subject: String(sub) };
}

async function verifyWithKey(
  token: string,
  kid: string,
  platform: Platform,
  { getKey }: SubjectTokenContext,
  about: RefusalAbout,
): Promise<void> {
  let key: PlatformKey | undefined;
  try {
    key = await getKey(platform, kid);
  } catch (cause) {
    throw new Refusal("keys_unavailable", "the platform's keys are unavailable", {
      ...about,
      cause,
      retryAfterSeconds: retryAfterOf(cause),
    });
  }
  if (key === undefined) throw new Refusal("invalid_token", "the platform has no key of this kid", about);
  try {
    await verifySignature(token, key);
  } catch (cause) {
    throw new Refusal("invalid_token", "the signature does not verify", { ...about, cause });
  }
}

/** Passes on the pause that a server asks for, within bounds. */
function retryAfterOf(cause: unknown): number {
  const { retryAfterSeconds, lastError } = membersOf(cause);
  const asked = retryAfterSeconds ?? membersOf(lastError)["retryAfterSeconds"];
  if (typeof asked !== "number" || !(asked > 0)) return DEFAULT_RETRY_AFTER_SECONDS;
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.ceil(asked));
}
