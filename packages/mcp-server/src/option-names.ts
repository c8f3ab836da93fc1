import type { AttestationVerifierOptions } from "@attest/core";
import { assertOptions, kindOf, printable } from "@attest/core/internal";
import type { GateOptions } from "./gate/gate-options.js";
import type { McpServerOptions } from "./sdk.js";

/*
 * Whose option is it? A name that nobody reads would silently leave something out, so names are checked where
 * options of three owners meet: the gate's, the verifier's and the SDK's.
 */

const GATE = Object.keys({
  verifier: true,
  rules: true,
  hideDenied: true,
  sessionLifetime: true,
  verificationTimeoutSeconds: true,
  maxQueuedMessages: true,
  maxQueuedBytes: true,
  onUnattested: true,
  observer: true,
  recordCalls: true,
} satisfies Record<keyof GateOptions, true>);

/** The verifier's, less those that the gate has too. */
const VERIFIER: readonly string[] = [
  "policy",
  "trustedIssuers",
  "keyResolver",
  "audience",
  "replayCache",
  "requiredClaims",
  "maxLifetimeSeconds",
  "checks",
] satisfies readonly (keyof AttestationVerifierOptions)[];

/** The SDK's, as far as they are known: its next minor may have more. */
const SDK: readonly string[] = [
  "capabilities",
  "instructions",
  "jsonSchemaValidator",
  "maxToolInputElements",
  "enforceStrictCapabilities",
  "debouncedNotificationMethods",
  "taskStore",
  "taskMessageQueue",
  "defaultTaskPollInterval",
  "maxTaskQueueSize",
] satisfies readonly (keyof McpServerOptions)[];

/** @throws {TypeError} when `options` is no object, or has a member that is not the gate's. */
export function assertGateOptions(owner: string, options: unknown): asserts options is object {
  refuseVerifierOptions(owner, options);
  assertOptions(owner, options, GATE);
}

/**
 * Lets the gate's and the SDK's options pass, and names that are like none of them, for an SDK that is newer.
 *
 * @throws {TypeError} when `options` is no object, or has a member that is the verifier's or a misspelt one.
 */
export function assertServerOptions(
  owner: string,
  options: unknown,
  extra: readonly string[] = [],
): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner} takes an object of options, got ${kindOf(options)}`);
  }
  refuseVerifierOptions(owner, options);
  const known = [...GATE, ...SDK, ...extra];
  for (const name of Object.keys(options)) {
    const meant = known.includes(name) ? undefined : known.find((other) => isMisspelling(name, other));
    if (meant !== undefined) {
      throw new TypeError(`${owner}: unknown option "${printable(name)}"; did you mean "${meant}"?`);
    }
  }
}

/**
 * Lets a tool's configuration pass, of this SDK and a newer one, but for what is like `attestation` and is not: the tool
 * would be open.
 *
 * @throws {TypeError} naming the member.
 */
export function assertToolConfig(config: object): void {
  const wrong = Object.keys(config).find(
    (name) => name !== "attestation" && name !== "annotations" && isMisspelling(name, "attestation"),
  );
  if (wrong === undefined) return;
  throw new TypeError(`registerTool: unknown option "${printable(wrong)}"; did you mean "attestation"?`);
}

/** `options` in two: the gate's, and the rest, which is the SDK's. */
export function splitOptions<Options extends GateOptions>(
  options: Options,
): { readonly gate: GateOptions; readonly sdk: Omit<Options, keyof GateOptions> } {
  const entries = Object.entries(options);
  const isGates = ([name]: readonly [string, unknown]) => GATE.includes(name);
  return {
    gate: Object.fromEntries(entries.filter(isGates)) as unknown as GateOptions,
    sdk: Object.fromEntries(entries.filter((entry) => !isGates(entry))) as Omit<Options, keyof GateOptions>,
  };
}

function refuseVerifierOptions(owner: string, options: unknown): void {
  const name = VERIFIER.find((option) => Object.hasOwn(Object(options), option));
  if (name === undefined) return;
  throw new TypeError(`${owner}: "${name}" belongs to the verifier: new AttestationVerifier({ ${name}: … })`);
}

/** Whether `name` is likely to be meant for `known`: a part of it, a longer form, or a few letters off. */
function isMisspelling(name: string, known: string): boolean {
  const [a, b] = [name.toLowerCase(), known.toLowerCase()];
  if (a.length < 4) return false;
  if (a.startsWith(b) || b.startsWith(a) || a.endsWith(b) || b.endsWith(a)) return true;
  return a.length > 4 && distance(a, b) <= 2;
}

/** How many letters have to be put in, left out or replaced to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
