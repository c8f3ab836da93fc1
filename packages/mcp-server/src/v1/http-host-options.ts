import {
  areNames,
  assertOptions,
  callback,
  flag,
  kindOf,
  MAX_TIMER_SECONDS,
  nullable,
  type Option,
  type OptionsSpec,
  printable,
  readOptions,
  seconds,
} from "@attest/core/internal";
import { GATE_OPTIONS, type GateOptions, type GateSettings, readGateOptions } from "../gate/gate-options.js";
import type { ConnectableServer } from "./attest-server.js";
import { refuseMisplaced } from "./misplaced-options.js";

/** Options that the HTTP hosts of this package have in common. */
export interface HttpHostOptions {
  /**
   * Makes a server, once the agent that it is for is admitted: a new one each time, since an SDK server serves one
   * connection. A plain server gets a gate. One that is attested already has to have the verifier that is given here, and
   * keeps its own gate: then only `verifier`, `verificationTimeoutSeconds` and `observer` may be given here.
   */
  readonly createServer: () => ConnectableServer | Promise<ConnectableServer>;
  /**
   * The host names under which this server is reached, without ports, such as `mcp.example.com`. A request for another
   * host is refused, 403: it comes from a page that had its own name resolve to this address (DNS rebinding).
   * Default: the names of the loopback interface. `null` switches this off.
   */
  readonly allowedHosts?: readonly string[] | null | undefined;
  /**
   * The origins of web pages that may call, such as `https://app.example.com`; their browsers get CORS headers. A request
   * with another `Origin` is refused, 403; agents send none. Default: pages of the server's own host and port alone, and
   * none when `allowedHosts` is `null`.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /**
   * How long a request's body may take to arrive, in seconds; then it is refused, 408. Its first byte may take 5 s at
   * most. Default: 30 s.
   */
  readonly bodyTimeoutSeconds?: number | undefined;
  /** Whether requests are answered with JSON instead of an event stream. Default: false. */
  readonly enableJsonResponse?: boolean | undefined;
  /** Told of what fails here, such as `createServer`; the client is told 500. Default: a process warning. */
  readonly onerror?: ((error: unknown) => void) | undefined;
}

/** {@link HttpHostOptions} with their defaults filled in. */
export interface HttpHostSettings {
  readonly createServer: HttpHostOptions["createServer"];
  readonly allowedHosts: ReadonlySet<string> | null;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly bodyTimeoutSeconds: number;
  readonly enableJsonResponse: boolean;
  readonly onerror: (error: unknown) => void;
}

/** The gate's options among a host's, read. */
export interface HostGate {
  readonly gate: GateSettings;
  /** Options that are of no use to a server with a gate of its own. */
  readonly gateOptionsGiven: readonly string[];
}

const GATE = Object.keys(GATE_OPTIONS);

/** Options of the gate that a host reads too. */
const SHARED: readonly string[] = ["verifier", "verificationTimeoutSeconds", "observer"];

/** Readers of {@link HttpHostOptions}. */
export const HTTP_HOST_OPTIONS: OptionsSpec<HttpHostSettings> = {
  createServer: callback<HttpHostOptions["createServer"]>(),
  allowedHosts: nullable(
    listOf(isHostName, "names without ports, such as mcp.example.com", ["localhost", "127.0.0.1", "[::1]"]),
  ),
  allowedOrigins: listOf(isOrigin, "such as https://app.example.com", []),
  bodyTimeoutSeconds: seconds(30, { min: 0.001, max: MAX_TIMER_SECONDS }),
  enableJsonResponse: flag(false),
  onerror: callback<(error: unknown) => void>(warn),
};

/**
 * Reads the options of an HTTP host, the gate's among them.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong.
 */
export function readHostOptions<S extends HttpHostSettings>(
  owner: string,
  options: GateOptions & HttpHostOptions,
  spec: OptionsSpec<S>,
): S & HostGate {
  refuseMisplaced(owner, options, "createServer: () => new McpServer(serverInfo, { $ })");
  const own = Object.keys(spec);
  assertOptions(owner, options, [...own, ...GATE]);
  const gate = pick(options, GATE);
  return {
    ...readOptions(owner, pick(options, own), spec),
    gate: readGateOptions(owner, gate as unknown as GateOptions),
    gateOptionsGiven: Object.keys(gate).filter((name) => !SHARED.includes(name)),
  };
}

/** Returns those members of `options` that have one of these names, wherever they are inherited from. */
function pick(options: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const members = options as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.filter((name) => name in options).map((name) => [name, members[name]]));
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** A list of texts in lower case, each of which can match something. */
function listOf(
  isRight: (text: string) => boolean,
  wanted: string,
  fallback: readonly string[],
): Option<ReadonlySet<string>> {
  return (value = fallback, name) => {
    if (!areNames(value)) {
      throw new TypeError(`${name} must be a list of non-empty strings, got ${kindOf(value)}`);
    }
    const wrong = value.find((text) => !isRight(text.toLowerCase()));
    if (wrong !== undefined) {
      throw new TypeError(`${name} are ${wanted}: "${printable(wrong)}" would match nothing`);
    }
    return new Set(value.map((text) => text.toLowerCase()));
  };
}

function isHostName(text: string): boolean {
  return !text.includes("*") && URL.parse(`http://${text}`)?.hostname === text;
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.host !== "" && !text.includes("*") && text === `${url.protocol}//${url.host}`;
}
