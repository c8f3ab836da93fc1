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
  optional,
  printable,
  readOptions,
  seconds,
} from "@attest/core/internal";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { GATE_OPTIONS, type GateOptions, type GateSettings, readGateOptions } from "../gate/gate-options.js";
import type { ConnectableServer } from "./attest-server.js";
import { type HttpLimits, type HttpLimitsOptions, readHttpLimits } from "./http-limits.js";
import { refuseMisplaced } from "./misplaced-options.js";

/** The gate's options hold for every session whose server has no gate of its own. */
export interface HttpSessionsOptions extends GateOptions {
  /**
   * Makes the server of one session, once its agent is admitted: a new one each time, since an SDK server serves one
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
  /** Bounds of what callers may hold. Each has a default. */
  readonly limits?: HttpLimitsOptions | undefined;
  /**
   * How long a session may go without a request, in seconds, before it is closed, a call that still runs included.
   * Default: 1800 s.
   */
  readonly idleTimeoutSeconds?: number | undefined;
  /**
   * How long a request's body may take to arrive, in seconds; then it is refused, 408. Its first byte may take 5 s at
   * most. Default: 30 s.
   */
  readonly bodyTimeoutSeconds?: number | undefined;
  /** Whether requests are answered with JSON instead of an event stream. Default: false. */
  readonly enableJsonResponse?: boolean | undefined;
  /**
   * Makes what stores a session's events, so that its client can resume a broken stream. One store per session: a store
   * that was returned before is an error. Default: streams cannot be resumed.
   */
  readonly createEventStore?: (() => EventStore) | undefined;
  /** Told of what fails here, such as `createServer`; the client is told 500. Default: a process warning. */
  readonly onerror?: ((error: unknown) => void) | undefined;
  /**
   * The beginning of session ids, followed by a dot: up to 32 letters, digits, `-` and `_`. A balancer finds the process by
   * it that has the session. Default: nothing.
   */
  readonly sessionIdPrefix?: string | undefined;
}

/** The options that are not the gate's, with their defaults filled in. */
interface HttpSettings {
  readonly createServer: HttpSessionsOptions["createServer"];
  readonly allowedHosts: ReadonlySet<string> | null;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly limits: HttpLimits;
  readonly idleTimeoutSeconds: number;
  readonly bodyTimeoutSeconds: number;
  readonly enableJsonResponse: boolean;
  readonly createEventStore: (() => EventStore) | undefined;
  readonly onerror: (error: unknown) => void;
  readonly sessionIdPrefix: string | undefined;
}

export interface HttpSessionsSettings extends HttpSettings {
  readonly gate: GateSettings;
  /** Options that are of no use to a server with a gate of its own. */
  readonly gateOptionsGiven: readonly string[];
}

const GATE = Object.keys(GATE_OPTIONS);

/** Options that are read here too. */
const SHARED: readonly string[] = ["verifier", "verificationTimeoutSeconds", "observer"];

const SPEC: OptionsSpec<HttpSettings> = {
  createServer: callback<HttpSessionsOptions["createServer"]>(),
  allowedHosts: nullable(
    listOf(isHostName, "names without ports, such as mcp.example.com", ["localhost", "127.0.0.1", "[::1]"]),
  ),
  allowedOrigins: listOf(isOrigin, "such as https://app.example.com", []),
  limits: (value) => readHttpLimits(value),
  idleTimeoutSeconds: seconds(1800, { min: 0.001, max: MAX_TIMER_SECONDS }),
  bodyTimeoutSeconds: seconds(30, { min: 0.001, max: MAX_TIMER_SECONDS }),
  enableJsonResponse: flag(false),
  createEventStore: optional(callback<() => EventStore>()),
  onerror: callback<(error: unknown) => void>(warn),
  sessionIdPrefix: optional(sessionIdPrefix),
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readHttpSessionsOptions(options: HttpSessionsOptions): HttpSessionsSettings {
  refuseMisplaced("HttpSessions", options, "createServer: () => new McpServer(serverInfo, { $ })");
  const own = Object.keys(SPEC);
  assertOptions("HttpSessions", options, [...own, ...GATE]);
  const gate = pick(options, GATE);
  return {
    ...readOptions("HttpSessions", pick(options, own), SPEC),
    gate: readGateOptions("HttpSessions", gate as unknown as GateOptions),
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

function sessionIdPrefix(value: unknown, name: string): string {
  if (typeof value === "string" && /^[A-Za-z0-9_-]{1,32}$/.test(value)) return value;
  const got = typeof value === "string" ? `"${printable(value)}"` : kindOf(value);
  throw new TypeError(`${name} must be 1 to 32 letters, digits, "-" and "_", got ${got}`);
}
