import { ATTESTATION_VERSION } from "../constants.js";
import { assertOptions } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import { CHECKED, type Checked } from "./checked.js";

/** What kind of party vouches for the agent. */
export const AttestationType = {
  /** The model's provider. */
  PROVIDER: "provider",
  /** An enterprise's own identity provider. */
  ENTERPRISE: "enterprise",
} as const;
export type AttestationType = (typeof AttestationType)[keyof typeof AttestationType];

/** How strictly the model is configured. */
export const SafetyLevel = {
  /** The provider's default. */
  STANDARD: "standard",
  /** Stricter than the default. */
  ENHANCED: "enhanced",
  /** Reduced, as some enterprises agree with their provider. */
  MINIMAL: "minimal",
} as const;
export type SafetyLevel = (typeof SafetyLevel)[keyof typeof SafetyLevel];

const MAX_CAPABILITIES = 64;
const VERSION = /^(\d+)\.(\d+)\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/;
const OUR_SERIES = seriesOf(ATTESTATION_VERSION);

export interface AttestationMetadataOptions {
  /** Defaults to `ATTESTATION_VERSION`. */
  readonly attestationVersion?: string | undefined;
  /** Defaults to `"provider"`. */
  readonly attestationType?: AttestationType | undefined;
  /** Defaults to `"standard"`. */
  readonly safetyLevel?: SafetyLevel | undefined;
  /** What the agent says it can do, at most 64 entries. Defaults to none. */
  readonly capabilitiesDeclared?: readonly string[] | undefined;
}

/** About the attestation itself: its version, who makes it, and under which safety level the model runs. */
export class AttestationMetadata {
  readonly attestationVersion: string;
  readonly attestationType: AttestationType;
  readonly safetyLevel: SafetyLevel;
  readonly capabilitiesDeclared: readonly string[];

  /** @throws {TypeError} when a member is none of the values it may have. */
  constructor(options?: AttestationMetadataOptions);
  /** @internal */
  constructor(options: AttestationMetadataOptions, checked: Checked);
  constructor(options: AttestationMetadataOptions = {}, checked?: Checked) {
    const {
      attestationVersion = ATTESTATION_VERSION,
      attestationType = AttestationType.PROVIDER,
      safetyLevel = SafetyLevel.STANDARD,
      capabilitiesDeclared = [],
    } = Object(options) as AttestationMetadataOptions;
    if (checked !== CHECKED) {
      assertOptions("AttestationMetadata", options, [
        "attestationVersion",
        "attestationType",
        "safetyLevel",
        "capabilitiesDeclared",
      ]);
      assertVersion(attestationVersion);
      assertMember("attestationType", AttestationType, attestationType);
      assertMember("safetyLevel", SafetyLevel, safetyLevel);
      assertCapabilities(capabilitiesDeclared);
    }
    this.attestationVersion = attestationVersion;
    this.attestationType = attestationType;
    this.safetyLevel = safetyLevel;
    this.capabilitiesDeclared = Object.freeze([...capabilitiesDeclared]);
    Object.freeze(this);
  }
}

/** Whether `value` is a version of the same major and minor as `ATTESTATION_VERSION`. */
export function isCompatibleVersion(value: unknown): value is string {
  return value === ATTESTATION_VERSION || (typeof value === "string" && seriesOf(value) === OUR_SERIES);
}

/** Whether `value` is a list of at most 64 strings. */
export function areCapabilities(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_CAPABILITIES &&
    value.every((capability) => typeof capability === "string")
  );
}

function seriesOf(version: string): string | undefined {
  const [, major, minor] = VERSION.exec(version) ?? [];
  return major === undefined ? undefined : `${major}.${minor}`;
}

function assertMember(option: string, set: Readonly<Record<string, string>>, value: unknown): void {
  const members = Object.values(set);
  if (!members.includes(value as string)) {
    throw new TypeError(`${option} must be one of ${members.join(", ")}, got ${kindOf(value)}`);
  }
}

function assertVersion(value: unknown): void {
  if (isCompatibleVersion(value)) return;
  throw new TypeError(`attestationVersion must be a ${OUR_SERIES}.x version, got ${kindOf(value)}`);
}

function assertCapabilities(value: unknown): void {
  if (areCapabilities(value)) return;
  throw new TypeError(
    `capabilitiesDeclared must be an array of at most ${MAX_CAPABILITIES} strings, got ${kindOf(value)}`,
  );
}
