import { type PlatformKeysOptions, platformKeys } from "./keys/platform-keys.js";
import type { PlatformKeys } from "./keys/platform-keys-port.js";
import type { PlatformKey } from "./platforms/platform-key.js";
import type { Platform, Rule, TrustPolicy } from "./policy/trust-policy.js";
import { TrustPolicyError } from "./policy/trust-policy-error.js";

/** Whose policy it is. */
export interface PolicyOwner {
  readonly issuer: string;
  readonly trustDomain: string;
}

/**
 * A policy, with the keys of its platforms. An exchange holds on to the one that it began with, so that replacing it drops
 * nothing.
 */
export class PolicyInForce {
  readonly policy: TrustPolicy;
  readonly #owner: PolicyOwner;
  readonly #options: PlatformKeysOptions;
  readonly #keys: ReadonlyMap<Platform, { readonly settings: string; readonly keys: PlatformKeys }>;

  /**
   * @param before the policy that this one replaces. What is known of the keys of a platform that stays is kept.
   * @throws {TrustPolicyError} when the policy cannot be this issuer's.
   */
  constructor(policy: TrustPolicy, owner: PolicyOwner, options: PlatformKeysOptions, before?: PolicyInForce) {
    assertFits(policy, owner);
    this.policy = policy;
    this.#owner = owner;
    this.#options = options;
    const known = new Map<string, PlatformKeys>();
    if (before !== undefined)
      for (const { settings, keys } of before.#keys.values()) known.set(settings, keys);
    this.#keys = new Map(
      policy.platforms.map((platform) => {
        const settings = JSON.stringify(platform);
        return [platform, { settings, keys: known.get(settings) ?? platformKeys(platform, options) }];
      }),
    );
  }

  /** Returns the policy that takes this one's place. */
  replacedBy(policy: TrustPolicy): PolicyInForce {
    return new PolicyInForce(policy, this.#owner, this.#options, this);
  }

  /** Returns a platform's key; rejects when its keys are unavailable. */
  async getKey(platform: Platform, kid: string): Promise<PlatformKey | undefined> {
    return this.#keys.get(platform)?.keys.getKey(kid);
  }

  /** Returns the SPIFFE ID of the agent that a rule names. */
  subjectOf({ subject }: Rule): string {
    return "id" in subject ? subject.id : `spiffe://${this.#owner.trustDomain}${subject.path}`;
  }

  /** Ends requests to platforms that are under way. */
  close(): void {
    for (const { keys } of this.#keys.values()) keys.close();
  }
}

function assertFits({ platforms, rules }: TrustPolicy, { issuer, trustDomain }: PolicyOwner): void {
  const own = platforms.find((platform) => platform.issuer === issuer);
  if (own !== undefined)
    throw new TrustPolicyError(
      `platforms.${own.name} is this issuer: its attestations are no subject tokens`,
    );
  const prefix = `spiffe://${trustDomain}/`;
  for (const [index, { subject }] of rules.entries()) {
    if (!("id" in subject)) continue;
    const segments = subject.id.slice(prefix.length).split("/");
    const isOwn =
      subject.id.startsWith(prefix) &&
      segments.every((segment) => /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/.test(segment));
    if (!isOwn) throw new TrustPolicyError(`rules[${index}].subject must be a SPIFFE ID below ${prefix}`);
  }
}
