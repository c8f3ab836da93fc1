import type { AttestationVerifierOptions } from "@attest/core";
import { membersOf, printable } from "@attest/core/internal";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { GateOptions } from "../gate/gate-options.js";

/** Options of the SDK's `McpServer`, which have a name of their own only since 1.32. */
export type McpServerOptions = NonNullable<ConstructorParameters<typeof McpServer>[1]>;

/*
 * Options of three owners meet at a server: the gate's, the verifier's and the SDK's. One that is given to the wrong
 * owner is an error that says whose it is.
 */

/** All of the verifier's options but the one that the gate has too: a verifier's new option does not compile without. */
const VERIFIER = Object.keys({
  policy: true,
  trustedIssuers: true,
  keyResolver: true,
  audience: true,
  replayCache: true,
  requiredClaims: true,
  maxLifetimeSeconds: true,
  maxTokenBytes: true,
  keyTimeoutSeconds: true,
  cacheTimeoutSeconds: true,
  clock: true,
  clockSkewSeconds: true,
  checks: true,
  requireProof: true,
  endpoints: true,
  challenge: true,
  bindUser: true,
  maxRememberedTokens: true,
} satisfies Record<Exclude<keyof AttestationVerifierOptions, "observer">, true>);

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

/** The gate's options: a new one does not compile without. */
const GATE = Object.keys({
  verifier: true,
  sessionLifetime: true,
  rules: true,
  hideDenied: true,
  verificationTimeoutSeconds: true,
  maxQueuedMessages: true,
  maxQueuedBytes: true,
  onUnattested: true,
  observer: true,
  recordCalls: true,
} satisfies Record<keyof GateOptions, true>);

const RULES: readonly string[] = ["tools", "resources", "prompts"];
const REQUIREMENT: readonly string[] = ["attestation", "requireAttestation", "trustLevel", "check"];

/**
 * @param sdkOptions where the SDK's options go, such as `serverOptions: { $ }`; `$` stands for the option
 * @throws {TypeError} when `options` has a member that belongs elsewhere.
 */
export function refuseMisplaced(owner: string, options: unknown, sdkOptions: string): void {
  const members = membersOf(options);
  if (typeof members["verify"] === "function") {
    throw new TypeError(`${owner} takes the verifier as one of its options: { verifier }`);
  }
  const refuse = (names: readonly string[], remedy: (name: string) => string): void => {
    const name = names.find((each) => each in members);
    if (name !== undefined) throw new TypeError(`${owner}: "${printable(name)}" ${remedy(name)}`);
  };
  refuse(VERIFIER, (name) => `belongs to the verifier: new AttestationVerifier({ ${name}: … })`);
  refuse(SDK, (name) => `belongs to the SDK's server: ${sdkOptions.replace("$", `${name}: …`)}`);
  refuse(RULES, (name) => `belongs to the rules: rules: { ${name}: { name: requirement } }`);
  refuse(
    REQUIREMENT,
    () =>
      "guards nothing here: requireAttestation(requirement, handler), or rules: { tools: { name: requirement } }",
  );
}

/**
 * Refuses what stands among the SDK's own options, and the SDK would not read.
 *
 * @throws {TypeError} when `options` has a member that is the gate's or the verifier's, or a requirement.
 */
export function refuseAmongSdkOptions(owner: string, options: unknown): void {
  const members = membersOf(options);
  const misplaced = [...GATE, ...VERIFIER, ...RULES, ...REQUIREMENT].find((name) => name in members);
  if (misplaced === undefined) return;
  throw new TypeError(
    `${owner}: "${misplaced}" is no option of the SDK's server, so that nobody would read it: it stands beside ${owner}, or belongs to the verifier or to rules`,
  );
}
