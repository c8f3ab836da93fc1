import { kindOf, readOptions } from "@attest/core/internal";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { AttestationGate } from "./gate/attestation-gate.js";
import { GATE_OPTIONS, type GateOptions, type GateSettings } from "./gate/gate-options.js";
import { refuseAttestation } from "./guard/refuse-attestation.js";
import { refuseMisplaced } from "./misplaced-options.js";

/** What a server of the SDK has that matters here: `Server`, or `McpServer` around one. */
export interface ConnectableServer {
  connect(transport: Transport): Promise<void>;
}

const attested = new WeakSet<ConnectableServer>();

/**
 * Puts an attestation gate in front of a server that exists already, and returns the same server. From then on
 * every `connect` goes through the gate, and what is registered may not carry a requirement that nobody would read.
 *
 * @throws {TypeError} when `server` is no MCP server, or is attested already, or an option is wrong or unknown.
 */
export function attestServer<T extends ConnectableServer>(server: T, options: GateOptions): T {
  if (typeof server?.connect !== "function") {
    throw new TypeError(`server must be an McpServer or a Server of the MCP SDK, got ${kindOf(server)}`);
  }
  refuseMisplaced("attestServer", options, "new McpServer(serverInfo, { $ })");
  putGate(server, readOptions<GateSettings>("attestServer", options, GATE_OPTIONS));
  return server;
}

/**
 * {@link attestServer} with options that have been read.
 *
 * @throws {TypeError} when `server` is attested, or connected, already.
 */
export function putGate(server: ConnectableServer, settings: GateSettings): void {
  // McpServer connects through the Server it holds; gating that one leaves no way around.
  const inner = "server" in server && isConnectable(server.server) ? server.server : server;
  if (attested.has(inner)) throw new TypeError("this server is attested already");
  if ("transport" in inner && inner.transport !== undefined) {
    throw new TypeError("this server is connected already; attest it before its first connect");
  }
  attested.add(inner);
  refuseAttestation(server);
  const connect = inner.connect.bind(inner);
  inner.connect = (transport) => connect(new AttestationGate(transport, settings));
}

function isConnectable(value: unknown): value is ConnectableServer {
  return typeof (value as Partial<ConnectableServer> | undefined)?.connect === "function";
}
