import { SafetyLevel } from "@attest/core";
import * as v from "valibot";
import { PlatformType } from "../platforms/presets.js";
import { durationSeconds } from "./duration.js";
import { readShape } from "./shape.js";
import type { WrittenPolicy } from "./written-policy.js";

type Text = v.GenericSchema<string, string>;
type Seconds = v.GenericSchema<string, number>;

/** Printable ASCII: what can stand in logs and in a token as it is. */
const text: Text = v.pipe(
  v.string("must be text"),
  v.regex(/^[ -~]{1,2048}$/, "must have 1 to 2048 printable ASCII characters"),
);
const name: Text = v.pipe(
  v.string("must be text"),
  v.regex(/^(?! )[ -~]{1,128}(?<! )$/, "must have 1 to 128 printable ASCII characters, no space around them"),
);
const path: Text = v.pipe(
  v.string("must be text"),
  v.regex(/^(?:\/|[A-Za-z]:[\\/])/, "must be an absolute path"),
);
const flag = v.boolean("must be true or false");

/** A duration up to `longest` seconds. */
function duration(longest: number): Seconds {
  return v.pipe(
    v.string("must be a duration such as 5m"),
    v.transform((given) => durationSeconds(given) ?? 0),
    v.minValue(1, "must be a duration such as 90s, 5m, 1h or 1d"),
    v.maxValue(longest, `must be at most ${longest} seconds`),
  );
}

const keySource = v.union(
  [
    v.strictObject({ file: path }),
    v.strictObject({ url: text }),
    v.strictObject({ keys: v.array(v.record(v.string(), v.unknown())) }),
  ],
  "must be one of { file: <absolute path> }, { url: <https URL> } and { keys: [<JWK>] }",
);

const CA = "must be certificates in PEM, or { file: <absolute path> }";

const platform = v.strictObject({
  type: v.optional(
    v.picklist(Object.values(PlatformType), `must be one of ${Object.values(PlatformType).join(", ")}`),
  ),
  issuer: v.optional(text),
  trustDomain: v.optional(text),
  audience: text,
  jwks: v.optional(keySource),
  maxTokenLifetime: v.optional(duration(604_800), "1d"),
  allowPrivateNetwork: v.optional(flag),
  allowInsecure: v.optional(
    v.union([v.literal("loopback"), v.literal(false)], 'must be "loopback" or false'),
  ),
  ca: v.optional(
    v.union(
      [v.pipe(v.string(), v.startsWith("-----BEGIN CERTIFICATE-----", CA)), v.strictObject({ file: path })],
      CA,
    ),
  ),
});

const rule = v.strictObject({
  name,
  from: name,
  claims: v.record(v.string(), v.unknown(), "must be a mapping of claims to values"),
  agent: v.strictObject({
    modelFamily: text,
    modelVersion: text,
    provider: text,
    deploymentId: v.optional(text),
  }),
  integrity: v.optional(v.strictObject({ configHash: v.optional(text), systemPromptHash: v.optional(text) })),
  safetyLevel: v.optional(
    v.picklist(Object.values(SafetyLevel), `must be one of ${Object.values(SafetyLevel).join(", ")}`),
    SafetyLevel.STANDARD,
  ),
  capabilities: v.optional(v.array(text, "must be a list"), []),
  subject: v.optional(text),
  audiences: v.pipe(v.array(text, "must be a list"), v.minLength(1, "must name at least one audience")),
  maxLifetime: v.optional(duration(86_400), "5m"),
  requireBinding: v.optional(flag, false),
});

const policy = v.strictObject({
  platforms: v.record(name, platform, "must be a mapping of names to platforms"),
  rules: v.array(rule, "must be a list"),
});

const KNOWN = [policy, platform, rule, rule.entries.agent].flatMap(({ entries }) => Object.keys(entries));

/** @throws {TrustPolicyError} naming the first member whose shape is wrong. */
export function readPolicyShape(document: unknown): WrittenPolicy {
  return readShape(policy, document, "the policy", KNOWN);
}
