import type { AgentIdentity, AgentIntegrity, AttestationMetadata } from "@attest/core";
import type { PlatformType } from "../platforms/presets.js";
import type { ClaimPattern } from "./claim-pattern.js";

/** Where the keys of a platform come from. */
export type KeySource =
  /** By OIDC discovery, at the platform's issuer. */
  | { readonly kind: "discovery" }
  /** A key set at this URL. */
  | { readonly kind: "url"; readonly url: string }
  /** A key set in this file, read again as it changes. */
  | { readonly kind: "file"; readonly file: string }
  /** A key set that stands in the policy. */
  | { readonly kind: "inline"; readonly jwks: object };

/** Platform whose workload tokens are exchanged. */
export interface Platform {
  readonly name: string;
  readonly type: PlatformType;
  /** The `iss` of its tokens; `undefined` for a SPIFFE trust domain whose JWT-SVIDs have none. */
  readonly issuer: string | undefined;
  /** Trust domain of its JWT-SVIDs, for SPIFFE alone. */
  readonly trustDomain: string | undefined;
  /** The one `aud` that its tokens must have. */
  readonly audience: string;
  readonly keys: KeySource;
  /** Longest life that a token may have, in seconds. */
  readonly maxTokenLifetimeSeconds: number;
  readonly allowPrivateNetwork: boolean;
  readonly allowInsecure: "loopback" | false;
  /** Certificate authorities for requests to it, in PEM or as the path of a file. */
  readonly ca: string | { readonly file: string } | undefined;
}

/** Rule: which workloads of a platform are which agent. */
export interface Rule {
  readonly name: string;
  readonly platform: Platform;
  readonly claims: ReadonlyMap<string, ClaimPattern>;
  readonly identity: AgentIdentity;
  readonly integrity: AgentIntegrity | undefined;
  readonly metadata: AttestationMetadata;
  /** SPIFFE ID of the agent, or its path below the issuer's trust domain. */
  readonly subject: { readonly id: string } | { readonly path: string };
  /** Audiences that may be asked for, as globs. */
  readonly audiences: readonly string[];
  readonly maxLifetimeSeconds: number;
  readonly requireBinding: boolean;
}

/** Trust policy that was read by `readTrustPolicy`. */
export interface TrustPolicy {
  readonly platforms: readonly Platform[];
  readonly rules: readonly Rule[];
}

const BRAND = Symbol.for("@attest/TrustPolicy");

/** Marks a policy as read: only such ones are used. */
export function markAsRead(policy: TrustPolicy): TrustPolicy {
  return Object.freeze(Object.defineProperty(policy, BRAND, { value: true }));
}

/** Whether `value` was made by `readTrustPolicy`, of this copy of the package or any other. */
export function isTrustPolicy(value: unknown): value is TrustPolicy {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
