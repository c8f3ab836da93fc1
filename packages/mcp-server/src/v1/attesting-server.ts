import type { Verifier } from "@attest/core";
import { kindOf, membersOf, type OptionsSpec, optional, readOptions, text } from "@attest/core/internal";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Implementation } from "@modelcontextprotocol/sdk/types.js";
import type { AttestationContext } from "../context/attestation-context.js";
import { contextOf, currentCall } from "../context/current-call.js";
import {
  GATE_OPTIONS,
  type GateOptions,
  type ReadGateOptions,
  withVerifiersClock,
} from "../gate/gate-options.js";
import { requireAttestation } from "../guard/require-attestation.js";
import { putGate, settingsOf } from "./attest-server.js";
import { type McpServerOptions, refuseAmongSdkOptions, refuseMisplaced } from "./misplaced-options.js";

/** The gate's options, and the SDK's. */
export interface AttestingServerOptions extends GateOptions {
  /** Options of the SDK's own `McpServer`, such as `capabilities` and `instructions`. Default: none. */
  readonly serverOptions?: McpServerOptions | undefined;
}

export interface CreateAttestingServerOptions extends Omit<AttestingServerOptions, "verifier"> {
  /** The server's own version, when it is given by name. Default `0.0.0`. */
  readonly version?: string | undefined;
}

interface AttestingServerSettings extends ReadGateOptions {
  readonly serverOptions: McpServerOptions | undefined;
}

const OPTIONS = {
  ...GATE_OPTIONS,
  serverOptions: optional(sdkOptions),
} satisfies OptionsSpec<AttestingServerSettings>;

/** An `McpServer` behind an attestation gate. */
export class AttestingServer extends McpServer {
  /** @throws {TypeError | RangeError} naming the option that is wrong or unknown. */
  constructor(serverInfo: Implementation, options: AttestingServerOptions);
  /** @internal */
  constructor(serverInfo: Implementation, options: AttestingServerSettings);
  constructor(serverInfo: Implementation, options: AttestingServerOptions | AttestingServerSettings) {
    assertServerInfo(serverInfo);
    const { serverOptions, ...gate } = readServerOptions<AttestingServerSettings>(
      "AttestingServer",
      options,
      OPTIONS,
    );
    super(serverInfo, serverOptions);
    putGate(this, withVerifiersClock(gate));
  }

  /**
   * The caller, when read in the course of a request to this server, until that is answered; `undefined` otherwise. In work
   * that is queued, use {@link attestationOf}.
   */
  get attestation(): AttestationContext | undefined {
    const call = currentCall();
    return call !== undefined && call.gate === settingsOf(this) ? contextOf(call) : undefined;
  }

  /** Returns a handler guarded, so that it runs only for agents that meet a requirement; see {@link requireAttestation}. */
  readonly requireAttestation: typeof requireAttestation = requireAttestation;
}

/**
 * Returns an {@link AttestingServer}, made from its name or its `serverInfo`.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong or unknown.
 */
export function createAttestingServer(
  serverInfo: string | Implementation,
  verifier: Verifier,
  options: CreateAttestingServerOptions = {},
): AttestingServer {
  const isWrapped = typeof membersOf(verifier)["verify"] !== "function" && "verifier" in membersOf(verifier);
  if (isWrapped || "verifier" in membersOf(options)) {
    throw new TypeError(
      "createAttestingServer takes the verifier itself as its second argument: createAttestingServer(name, verifier, options)",
    );
  }
  const { verifier: _, ...spec } = OPTIONS;
  const { version, ...settings } = readServerOptions<
    Omit<AttestingServerSettings, "verifier"> & { readonly version: string | undefined }
  >("createAttestingServer", options, { ...spec, version: optional(text()) });
  return new AttestingServer(readServerInfo(serverInfo, version), { ...settings, verifier });
}

function readServerOptions<Settings extends object>(
  owner: string,
  options: unknown,
  spec: OptionsSpec<Settings>,
): Settings {
  refuseMisplaced(owner, options, "serverOptions: { $ }");
  return readOptions(owner, options, spec);
}

/** The SDK's options are the SDK's to read: a newer one may have more than are known here. Ours are not among them. */
function sdkOptions(value: unknown, name: string): McpServerOptions {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object of the SDK's options, got ${kindOf(value)}`);
  }
  refuseAmongSdkOptions(name, value);
  return value;
}

function readServerInfo(serverInfo: string | Implementation, version: string | undefined): Implementation {
  if (typeof serverInfo === "string") return { name: serverInfo, version: version ?? "0.0.0" };
  if (version !== undefined) {
    throw new TypeError("version goes with a server's name; a serverInfo object has its own");
  }
  return serverInfo;
}

function assertServerInfo(serverInfo: unknown): void {
  const { name, version } = membersOf(serverInfo);
  if (typeof name === "string" && name !== "" && typeof version === "string") return;
  throw new TypeError(
    `serverInfo must be a name, or an object with the strings name and version, got ${kindOf(serverInfo)}`,
  );
}
