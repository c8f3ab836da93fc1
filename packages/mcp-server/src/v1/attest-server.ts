import { kindOf } from "@attest/core/internal";
import { AttestationGate } from "../gate/attestation-gate.js";
import { type GateOptions, type GateSettings, readGateOptions } from "../gate/gate-options.js";
import type { TransportLike } from "../gate/link.js";
import { refuseAttestation } from "../guard/refuse-attestation.js";
import { arrivalOf } from "./arrival.js";
import { refuseMisplaced } from "./misplaced-options.js";

/** A server of the SDK, as far as a gate needs it: `Server`, or `McpServer` around one. */
export interface ConnectableServer {
  connect(transport: TransportLike): Promise<void>;
}

const attested = new WeakMap<ConnectableServer, GateSettings>();

/**
 * Puts an attestation gate in front of a server that exists already, and returns the same server. From then on
 * every `connect` goes through the gate.
 *
 * @throws {TypeError} when `server` is no MCP server, or is attested already, or an option is wrong or unknown.
 */
export function attestServer<T extends ConnectableServer>(server: T, options: GateOptions): T {
  if (typeof server?.connect !== "function") {
    throw new TypeError(`server must be an McpServer or a Server of the MCP SDK, got ${kindOf(server)}`);
  }
  refuseMisplaced("attestServer", options, "new McpServer(serverInfo, { $ })");
  putGate(server, readGateOptions("attestServer", options));
  return server;
}

/**
 * {@link attestServer} with options that have been read.
 *
 * @throws {TypeError} when `server` is attested, or connected, already.
 */
export function putGate(server: ConnectableServer, settings: GateSettings): void {
  const inner = innerOf(server);
  if (attested.has(inner)) throw new TypeError("this server is attested already");
  if ("transport" in inner && inner.transport !== undefined) {
    throw new TypeError("this server is connected already; attest it before its first connect");
  }
  attested.set(inner, settings);
  refuseAttestation(server);
  const connect = inner.connect.bind(inner);
  inner.connect = (transport) => connect(new AttestationGate(transport, settings, arrivalOf));
}

/** Returns what the gate in front of `server` goes by; `undefined` for a server that has none. */
export function settingsOf(server: ConnectableServer): GateSettings | undefined {
  return attested.get(innerOf(server));
}

/** McpServer connects through the Server it holds; gating that one leaves no way around. */
function innerOf(server: ConnectableServer): ConnectableServer {
  return "server" in server && isConnectable(server.server) ? server.server : server;
}

function isConnectable(value: unknown): value is ConnectableServer {
  return typeof (value as Partial<ConnectableServer> | undefined)?.connect === "function";
}
