import type { SafetyLevel } from "@attest/core";
import type { PlatformType } from "../platforms/presets.js";

/*
 * A trust policy as its file has it, once its shape is right. Durations have become seconds.
 */

/** Where a platform's keys are, unless discovery says so. */
type WrittenKeys =
  | { readonly file: string }
  | { readonly url: string }
  | { readonly keys: readonly Readonly<Record<string, unknown>>[] };

export interface WrittenPlatform {
  readonly type?: PlatformType | undefined;
  readonly issuer?: string | undefined;
  readonly trustDomain?: string | undefined;
  readonly audience: string;
  readonly jwks?: WrittenKeys | undefined;
  readonly maxTokenLifetime: number;
  readonly allowPrivateNetwork?: boolean | undefined;
  readonly allowInsecure?: "loopback" | false | undefined;
  readonly ca?: string | { readonly file: string } | undefined;
}

export interface WrittenRule {
  readonly name: string;
  readonly from: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly agent: {
    readonly modelFamily: string;
    readonly modelVersion: string;
    readonly provider: string;
    readonly deploymentId?: string | undefined;
  };
  readonly integrity?:
    | { readonly configHash?: string | undefined; readonly systemPromptHash?: string | undefined }
    | undefined;
  readonly safetyLevel: SafetyLevel;
  readonly capabilities: readonly string[];
  readonly subject?: string | undefined;
  readonly audiences: readonly string[];
  readonly maxLifetime: number;
  readonly requireBinding: boolean;
}

export interface WrittenPolicy {
  readonly platforms: Readonly<Record<string, WrittenPlatform>>;
  readonly rules: readonly WrittenRule[];
}
