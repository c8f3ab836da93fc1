import type { Verifier } from "@attest/core";
import { kindOf, printable } from "@attest/core/internal";
import type { RegisteredTool, ToolCallback } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { AnySchema, ZodRawShapeCompat } from "@modelcontextprotocol/sdk/server/zod-compat.js";
import type { Implementation } from "@modelcontextprotocol/sdk/types.js";
import { putGate } from "./attest-server.js";
import type { AttestationContext } from "./context/attestation-context.js";
import { currentAttestation } from "./context/current-call.js";
import { type GateOptions, readGateOptions } from "./gate/gate-options.js";
import type { RuleTable } from "./guard/rule-table.js";
import { requireAttestation } from "./guard/require-attestation.js";
import {
  type AttestationRequirement,
  type CompiledRequirement,
  compileRequirement,
} from "./guard/requirement.js";
import { whileVouchedFor } from "./guard/while-vouched-for.js";
import { assertServerOptions, assertToolConfig, splitOptions } from "./option-names.js";
import { refuseAttestation } from "./refuse-attestation.js";
import { McpServer, type McpServerOptions } from "./sdk.js";

/** The SDK's server options, and the gate's. */
export interface AttestingServerOptions extends McpServerOptions, GateOptions {}

/** What `McpServer.registerTool` takes, and who the tool is for. */
export type AttestedToolConfig<
  InputArgs extends undefined | ZodRawShapeCompat | AnySchema,
  OutputArgs extends ZodRawShapeCompat | AnySchema,
> = Parameters<typeof McpServer.prototype.registerTool<OutputArgs, InputArgs>>[1] & {
  /** What an agent must be to use the tool; `{}`: attested. Default: every session may. */
  readonly attestation?: AttestationRequirement | undefined;
};

/** An `McpServer` behind an attestation gate. */
export class AttestingServer extends McpServer {
  readonly #rules: RuleTable;

  /** @throws {TypeError | RangeError} naming the option that is wrong or unknown. */
  constructor(serverInfo: Implementation, options: AttestingServerOptions) {
    assertServerInfo(serverInfo);
    assertServerOptions("AttestingServer", options);
    const { gate, sdk } = splitOptions(options);
    super(serverInfo, sdk);
    const settings = readGateOptions(gate);
    this.#rules = settings.rules;
    putGate(this, settings);
    refuseAttestation(this);
  }

  /**
   * Registers a tool as `McpServer` does. With `attestation` it is for agents that meet that requirement: the gate asks
   * before the tool's arguments are looked at, as with `rules`, and by whatever name `update` gives it.
   *
   * @throws {TypeError} when the requirement makes no sense.
   */
  override registerTool<
    OutputArgs extends ZodRawShapeCompat | AnySchema,
    InputArgs extends undefined | ZodRawShapeCompat | AnySchema = undefined,
  >(
    name: string,
    config: AttestedToolConfig<InputArgs, OutputArgs>,
    callback: ToolCallback<InputArgs>,
  ): RegisteredTool {
    assertToolConfig(config);
    const { attestation, ...sdkConfig } = config;
    if (attestation === undefined) {
      const open = super.registerTool<OutputArgs, InputArgs>(name, sdkConfig, callback);
      this.#rules.setTool(name, undefined);
      return open;
    }
    const requirement = compileRequirement(attestation, `registerTool("${printable(name)}")`);
    const tool = super.registerTool<OutputArgs, InputArgs>(name, sdkConfig, whileVouchedFor(callback));
    this.#rules.setTool(name, requirement);
    return this.#guardUpdates(tool, requirement);
  }

  /** A name that the tool has had stays guarded until another tool is registered by it. */
  #guardUpdates(tool: RegisteredTool, requirement: CompiledRequirement): RegisteredTool {
    const update = tool.update.bind(tool);
    tool.update = ({ callback, ...updates }) => {
      if (typeof updates.name === "string") this.#rules.setTool(updates.name, requirement);
      update(callback === undefined ? updates : { ...updates, callback: whileVouchedFor(callback) });
    };
    return tool;
  }

  /** Who is calling, when read in the course of a request; `undefined` outside of one. */
  get attestation(): AttestationContext | undefined {
    return currentAttestation();
  }

  /** A handler that runs only for agents that meet `requirement`; see {@link requireAttestation}. */
  readonly requireAttestation: typeof requireAttestation = requireAttestation;
}

export interface CreateAttestingServerOptions extends Omit<AttestingServerOptions, "verifier"> {
  /** The server's own version, when it is given by name. Default `0.0.0`. */
  readonly version?: string | undefined;
}

/**
 * An {@link AttestingServer}, from its name or its `serverInfo`.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong or unknown.
 */
export function createAttestingServer(
  serverInfo: string | Implementation,
  verifier: Verifier,
  options: CreateAttestingServerOptions = {},
): AttestingServer {
  const isWrapped = typeof verifier?.verify !== "function" && "verifier" in Object(verifier);
  if (isWrapped || "verifier" in Object(options)) {
    throw new TypeError(
      "createAttestingServer takes the verifier itself as its second argument: createAttestingServer(name, verifier, options)",
    );
  }
  assertServerOptions("createAttestingServer", options, ["version"]);
  const { version, ...rest } = options;
  return new AttestingServer(readServerInfo(serverInfo, version), { ...rest, verifier });
}

function readServerInfo(serverInfo: string | Implementation, version: string | undefined): Implementation {
  if (typeof serverInfo === "string") return { name: serverInfo, version: version ?? "0.0.0" };
  if (version !== undefined) {
    throw new TypeError("version goes with a server's name; a serverInfo object has its own");
  }
  return serverInfo;
}

function assertServerInfo(serverInfo: unknown): void {
  const { name, version } = Object(serverInfo) as { readonly name?: unknown; readonly version?: unknown };
  if (typeof name === "string" && name !== "" && typeof version === "string") return;
  throw new TypeError(
    `serverInfo must be a name, or an object with the strings name and version, got ${kindOf(serverInfo)}`,
  );
}
