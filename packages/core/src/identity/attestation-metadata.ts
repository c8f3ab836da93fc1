import { ATTESTATION_VERSION } from "../constants.js";
import { oneOf } from "../options/option-kinds.js";
import type { Option, OptionsSpec } from "../options/read-options.js";
import { kindOf } from "../printable.js";
import { type Checked, readUnlessChecked } from "./checked-options.js";

/** Kinds of parties that vouch for agents. */
export const AttestationType = {
  /** The model's provider. */
  PROVIDER: "provider",
  /** An enterprise's own identity provider. */
  ENTERPRISE: "enterprise",
} as const;
export type AttestationType = (typeof AttestationType)[keyof typeof AttestationType];

/** Levels of strictness that a model is configured with. */
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
  /** Version of the extension, of the same major and minor as `ATTESTATION_VERSION`. Default: `ATTESTATION_VERSION`. */
  readonly attestationVersion?: string | undefined;
  /** Kind of party that vouches for the agent. Default: `"provider"`. */
  readonly attestationType?: AttestationType | undefined;
  /** Strictness that the model is configured with. Default: `"standard"`. */
  readonly safetyLevel?: SafetyLevel | undefined;
  /** Capabilities that the agent says it has, at most 64. Default: none. */
  readonly capabilitiesDeclared?: readonly string[] | undefined;
}

interface Settings {
  readonly attestationVersion: string;
  readonly attestationType: AttestationType;
  readonly safetyLevel: SafetyLevel;
  readonly capabilitiesDeclared: readonly string[];
}

const versionOption: Option<string> = (value = ATTESTATION_VERSION, name) => {
  if (isCompatibleVersion(value)) return value;
  throw new TypeError(`${name} must be a ${OUR_SERIES}.x version, got ${kindOf(value)}`);
};

const capabilitiesOption: Option<readonly string[]> = (value = [], name) => {
  if (areCapabilities(value)) return value;
  throw new TypeError(
    `${name} must be an array of at most ${MAX_CAPABILITIES} strings, got ${kindOf(value)}`,
  );
};

const SPEC: OptionsSpec<Settings> = {
  attestationVersion: versionOption,
  attestationType: oneOf(AttestationType, AttestationType.PROVIDER),
  safetyLevel: oneOf(SafetyLevel, SafetyLevel.STANDARD),
  capabilitiesDeclared: capabilitiesOption,
};

/** Facts about an attestation itself: its version, the kind of its issuer, and the safety level of the model. */
export class AttestationMetadata {
  readonly attestationVersion: string;
  readonly attestationType: AttestationType;
  readonly safetyLevel: SafetyLevel;
  readonly capabilitiesDeclared: readonly string[];

  /** @throws {TypeError} when a member has a value that it may not have. */
  constructor(options?: AttestationMetadataOptions);
  /** @internal */
  constructor(options: AttestationMetadataOptions, checked: Checked);
  constructor(options: AttestationMetadataOptions = {}, checked?: Checked) {
    const settings = readUnlessChecked("AttestationMetadata", options, SPEC, checked);
    this.attestationVersion = settings.attestationVersion;
    this.attestationType = settings.attestationType;
    this.safetyLevel = settings.safetyLevel;
    this.capabilitiesDeclared = Object.freeze([...settings.capabilitiesDeclared]);
    Object.freeze(this);
  }
}

/** Whether `value` is a version of the same major and minor as `ATTESTATION_VERSION`. */
export function isCompatibleVersion(value: unknown): value is string {
  return value === ATTESTATION_VERSION || (typeof value === "string" && seriesOf(value) === OUR_SERIES);
}

/** Whether `value` is an {@link AttestationType}. */
export function isAttestationType(value: unknown): value is AttestationType {
  return value === AttestationType.PROVIDER || value === AttestationType.ENTERPRISE;
}

/** Whether `value` is a {@link SafetyLevel}. */
export function isSafetyLevel(value: unknown): value is SafetyLevel {
  return value === SafetyLevel.STANDARD || value === SafetyLevel.ENHANCED || value === SafetyLevel.MINIMAL;
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
