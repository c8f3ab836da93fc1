import { assertOptions, assertSeconds, kindOf, MAX_TIMER_SECONDS, printable } from "@attest/core/internal";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { ConnectableServer } from "../attest-server.js";

export interface HttpSessionsOptions {
  /**
   * Makes the server of one session: a new one each time, since an SDK server serves one connection. Share one
   * verifier, and with it one replay cache, among all of them.
   */
  readonly createServer: () => ConnectableServer | Promise<ConnectableServer>;
  /**
   * The host names under which this server is reached, without ports, such as `mcp.example.com`. A request with
   * another `Host` is refused, 403: it comes from a page that had its own name resolve to this address (DNS
   * rebinding). Default: the names of the loopback interface. `null` switches this off.
   */
  readonly allowedHosts?: readonly string[] | null | undefined;
  /**
   * The origins of web pages that may call, such as `https://app.example.com`. A request with another `Origin`
   * is refused, 403; agents send none. Default: pages of the server's own host and port alone, and none when
   * `allowedHosts` is `null`.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** How many sessions may be open or opening at once; more are refused, 503. Default 1000. */
  readonly maxSessions?: number | undefined;
  /**
   * How long a session may go without a request, in seconds, before it is closed, a call that still runs included.
   * Default 1800.
   */
  readonly idleTimeoutSeconds?: number | undefined;
  /** The longest request body that is read, in bytes; a longer one is refused, 413. Default 1048576 (1 MiB). */
  readonly maxBodyBytes?: number | undefined;
  /**
   * The longest body that may begin a session, in bytes; a longer one is refused, 413. Less than others, because
   * whoever sends it has shown no token yet; a token has at most 8 KiB. Default 65536.
   */
  readonly maxInitializeBytes?: number | undefined;
  /** How many requests of one session may be unanswered at once; more are refused, 503. Default 256. */
  readonly maxOpenRequests?: number | undefined;
  /**
   * How many bodies may be on their way at once, of open sessions, and as many again that would begin one; further
   * requests are refused, 503. Default 256.
   */
  readonly maxBodiesAtOnce?: number | undefined;
  /** How long a request's body may take to arrive, in seconds; then it is refused, 408. Default 30. */
  readonly bodyTimeoutSeconds?: number | undefined;
  /** Answer requests with JSON instead of an event stream. Default false. */
  readonly enableJsonResponse?: boolean | undefined;
  /**
   * Makes what stores a session's events, so that its client can resume a broken stream. One store per session:
   * from a shared one a session could read another's events. Default: streams cannot be resumed.
   */
  readonly createEventStore?: (() => EventStore) | undefined;
  /** Told of what fails here, such as `createServer`; the client is told 500. Default: a process warning. */
  readonly onerror?: ((error: unknown) => void) | undefined;
}

/** {@link HttpSessionsOptions} with the defaults filled in. */
export interface HttpSessionsSettings {
  readonly createServer: HttpSessionsOptions["createServer"];
  readonly allowedHosts: ReadonlySet<string> | null;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly maxSessions: number;
  readonly idleTimeoutSeconds: number;
  readonly maxBodyBytes: number;
  readonly maxInitializeBytes: number;
  readonly maxOpenRequests: number;
  readonly maxBodiesAtOnce: number;
  readonly bodyTimeoutSeconds: number;
  readonly enableJsonResponse: boolean;
  readonly createEventStore: (() => EventStore) | undefined;
  readonly onerror: (error: unknown) => void;
}

const NAMES = [
  "createServer",
  "allowedHosts",
  "allowedOrigins",
  "maxSessions",
  "idleTimeoutSeconds",
  "maxBodyBytes",
  "maxInitializeBytes",
  "maxOpenRequests",
  "maxBodiesAtOnce",
  "bodyTimeoutSeconds",
  "enableJsonResponse",
  "createEventStore",
  "onerror",
] as const satisfies readonly (keyof HttpSessionsOptions)[];

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readSessionOptions(options: HttpSessionsOptions): HttpSessionsSettings {
  assertOptions("HttpSessions", options, NAMES);
  const { createServer, createEventStore, allowedHosts = LOOPBACK, allowedOrigins = [] } = options;
  const { maxSessions = 1000, idleTimeoutSeconds = 1800, enableJsonResponse = false } = options;
  const {
    maxBodyBytes = 1_048_576,
    maxInitializeBytes = 65_536,
    maxOpenRequests = 256,
    maxBodiesAtOnce = 256,
    bodyTimeoutSeconds = 30,
    onerror = warn,
  } = options;
  if (typeof createServer !== "function") {
    throw new TypeError(`createServer must be a function that makes a server, got ${kindOf(createServer)}`);
  }
  if (createEventStore !== undefined && typeof createEventStore !== "function") {
    throw new TypeError(`createEventStore must be a function, got ${kindOf(createEventStore)}`);
  }
  if (typeof onerror !== "function")
    throw new TypeError(`onerror must be a function, got ${kindOf(onerror)}`);
  if (typeof enableJsonResponse !== "boolean") {
    throw new TypeError(`enableJsonResponse must be true or false, got ${kindOf(enableJsonResponse)}`);
  }
  assertCount("maxSessions", maxSessions);
  assertCount("maxBodyBytes", maxBodyBytes);
  assertCount("maxInitializeBytes", maxInitializeBytes);
  assertCount("maxOpenRequests", maxOpenRequests);
  assertCount("maxBodiesAtOnce", maxBodiesAtOnce);
  assertSeconds("idleTimeoutSeconds", idleTimeoutSeconds, { min: 0.001, max: MAX_TIMER_SECONDS });
  assertSeconds("bodyTimeoutSeconds", bodyTimeoutSeconds, { min: 0.001, max: MAX_TIMER_SECONDS });
  return {
    createServer,
    allowedHosts: allowedHosts === null ? null : readNames("allowedHosts", allowedHosts),
    allowedOrigins: readNames("allowedOrigins", allowedOrigins),
    maxSessions,
    idleTimeoutSeconds,
    maxBodyBytes,
    maxInitializeBytes,
    maxOpenRequests,
    maxBodiesAtOnce,
    bodyTimeoutSeconds,
    enableJsonResponse,
    createEventStore,
    onerror,
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

function assertCount(option: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new RangeError(`${option} must be a positive integer, got ${String(value)}`);
  }
}

function readNames(option: string, names: unknown): ReadonlySet<string> {
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string" && name !== "")) {
    throw new TypeError(`${option} must be a list of non-empty strings, got ${kindOf(names)}`);
  }
  const isRight = option === "allowedHosts" ? isHostName : isOrigin;
  const wrong = names.find((name: string) => !isRight(name.toLowerCase()));
  if (wrong !== undefined) {
    const wanted =
      option === "allowedHosts"
        ? "names without ports, such as mcp.example.com"
        : "such as https://app.example.com";
    throw new TypeError(`${option} are ${wanted}: "${printable(wrong)}" would match nothing`);
  }
  return new Set(names.map((name: string) => name.toLowerCase()));
}

function isHostName(name: string): boolean {
  return !name.includes("*") && URL.parse(`http://${name}`)?.hostname === name;
}

function isOrigin(name: string): boolean {
  const url = URL.parse(name);
  return url !== null && name === `${url.protocol}//${url.host}` && url.host !== "";
}
