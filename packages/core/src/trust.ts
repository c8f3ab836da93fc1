import { AttestationType } from "./identity/attestation-metadata.js";
import { printable } from "./printable.js";

/** How far an agent's attestation is trusted: provider > enterprise > none. */
export const TrustLevel = {
  /** The model's provider vouches for the agent. */
  PROVIDER: "provider",
  /** An enterprise's identity provider vouches for it. */
  ENTERPRISE: "enterprise",
  /** Nobody does. */
  NONE: "none",
} as const;
export type TrustLevel = (typeof TrustLevel)[keyof typeof TrustLevel];

const RANK: Readonly<Record<TrustLevel, number>> = { none: 0, enterprise: 1, provider: 2 };

/** Whether `value` names a trust level. */
export function isTrustLevel(value: unknown): value is TrustLevel {
  return typeof value === "string" && Object.hasOwn(RANK, value);
}

/**
 * Whether an agent of trust level `actual` may do what needs `needed`.
 *
 * @throws {TypeError} when either is not a trust level.
 */
export function isTrustedAtLeast(actual: TrustLevel, needed: TrustLevel): boolean {
  return rankOf(actual) >= rankOf(needed);
}

function rankOf(level: TrustLevel): number {
  if (isTrustLevel(level)) return RANK[level];
  throw new TypeError(`"${printable(String(level))}" is not a trust level: ${Object.keys(RANK).join(", ")}`);
}

/** The trust level that an attestation of this type gives, whoever signed it. */
export function trustLevelOf(type: AttestationType): Exclude<TrustLevel, "none"> {
  return type === AttestationType.PROVIDER ? TrustLevel.PROVIDER : TrustLevel.ENTERPRISE;
}
