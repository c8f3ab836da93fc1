import {
  callback,
  keepsReplaysLocally,
  kindOf,
  MAX_TIMER_SECONDS,
  type OptionsSpec,
  optional,
  printable,
  seconds,
} from "@attest/core/internal";
import type { EventStore } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { GateOptions } from "../gate/gate-options.js";
import {
  type HostGate,
  HTTP_HOST_OPTIONS,
  type HttpHostOptions,
  type HttpHostSettings,
  readHostOptions,
} from "./http-host-options.js";
import { type HttpLimits, type HttpLimitsOptions, readHttpLimits } from "./http-limits.js";

/** The gate's options hold for every session whose server has no gate of its own. */
export interface HttpSessionsOptions extends GateOptions, HttpHostOptions {
  /** Bounds of what callers may hold. Each has a default. */
  readonly limits?: HttpLimitsOptions | undefined;
  /**
   * How long a session may go without a request, in seconds, before it is closed, a call that still runs included.
   * Default: 1800 s.
   */
  readonly idleTimeoutSeconds?: number | undefined;
  /**
   * Makes what stores a session's events, so that its client can resume a broken stream. One store per session: a store
   * that was returned before is an error. Default: streams cannot be resumed.
   */
  readonly createEventStore?: (() => EventStore) | undefined;
  /**
   * The beginning of session ids, followed by a dot: up to 32 letters, digits, `-` and `_`. A balancer finds the process by
   * it that has the session. Default: nothing.
   */
  readonly sessionIdPrefix?: string | undefined;
}

/** The options that are not the gate's, with their defaults filled in. */
interface HttpSettings extends HttpHostSettings {
  readonly limits: HttpLimits;
  readonly idleTimeoutSeconds: number;
  readonly createEventStore: (() => EventStore) | undefined;
  readonly sessionIdPrefix: string | undefined;
}

export type HttpSessionsSettings = HttpSettings & HostGate;

const SPEC: OptionsSpec<HttpSettings> = {
  ...HTTP_HOST_OPTIONS,
  limits: (value) => readHttpLimits(value),
  idleTimeoutSeconds: seconds(1800, { min: 0.001, max: MAX_TIMER_SECONDS }),
  createEventStore: optional(callback<() => EventStore>()),
  sessionIdPrefix: optional(sessionIdPrefix),
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readHttpSessionsOptions(options: HttpSessionsOptions): HttpSessionsSettings {
  const settings = readHostOptions("HttpSessions", options, SPEC);
  warnOfLocalReplays(settings);
  return settings;
}

/** A prefix says that there are more processes: each would let a proof in that another has seen. */
function warnOfLocalReplays({ sessionIdPrefix, gate: { verifier } }: HttpSessionsSettings): void {
  if (sessionIdPrefix === undefined || !verifier.proof || !keepsReplaysLocally(verifier)) return;
  process.emitWarning(
    "sessionIdPrefix tells of several processes, and the verifier's replay cache is this one's alone: a token or proof passes once in each; give the verifier a replayCache that they share",
    { code: "ATTEST_LOCAL_REPLAYS" },
  );
}

function sessionIdPrefix(value: unknown, name: string): string {
  if (typeof value === "string" && /^[A-Za-z0-9_-]{1,32}$/.test(value)) return value;
  const got = typeof value === "string" ? `"${printable(value)}"` : kindOf(value);
  throw new TypeError(`${name} must be 1 to 32 letters, digits, "-" and "_", got ${got}`);
}
