import { count, MAX_TIMER_SECONDS, type OptionsSpec, readOptions, seconds } from "@attest/core/internal";
import type { GateOptions } from "../gate/gate-options.js";
import {
  type HostGate,
  HTTP_HOST_OPTIONS,
  type HttpHostOptions,
  type HttpHostSettings,
  readHostOptions,
} from "./http-host-options.js";

/** Bounds of what callers of `StatelessHttp` may hold. */
export interface StatelessLimitsOptions {
  /**
   * How many requests may be under way at once. When there are as many, an agent below its share gets in: the oldest
   * request of the agent that is furthest above its own is ended. Otherwise 503. Default: 1000.
   */
  readonly openRequests?: number | undefined;
  /** How many of these are one agent's share, by issuer, subject and key. Default: 100. */
  readonly openRequestsPerAgent?: number | undefined;
  /** How many of these are the share of all callers together that are not verified. Default: 100. */
  readonly strangerRequests?: number | undefined;
  /** The longest request body, in bytes; a longer one is refused, 413. Default: 1048576 (1 MiB). */
  readonly bodyBytes?: number | undefined;
  /**
   * How many bytes of request bodies are held at once, of all callers together, until they are verified. When there are as
   * many, the oldest body is given up, 503. Default: 67108864 (64 MiB).
   */
  readonly bytesInFlight?: number | undefined;
  /** How many bytes of an answer its client may leave unread; with more the answer ends. Default: 16777216 (16 MiB). */
  readonly unsentBytes?: number | undefined;
}

/** {@link StatelessLimitsOptions} with the defaults filled in. */
type StatelessLimits = { readonly [Name in keyof StatelessLimitsOptions]-?: number };

/** The gate's options hold for every request whose server has no gate of its own. */
export interface StatelessHttpOptions extends GateOptions, HttpHostOptions {
  /** Bounds of what callers may hold. Each has a default. */
  readonly limits?: StatelessLimitsOptions | undefined;
  /** How long a request may be under way, in seconds, before it is ended. Default: 1800 s. */
  readonly requestTimeoutSeconds?: number | undefined;
}

interface StatelessSettings extends HttpHostSettings {
  readonly limits: StatelessLimits;
  readonly requestTimeoutSeconds: number;
}

export type StatelessHttpSettings = StatelessSettings & HostGate;

const LIMITS: OptionsSpec<StatelessLimits> = {
  openRequests: count(1000),
  openRequestsPerAgent: count(100),
  strangerRequests: count(100),
  bodyBytes: count(1_048_576),
  bytesInFlight: count(67_108_864),
  unsentBytes: count(16_777_216),
};

const SPEC: OptionsSpec<StatelessSettings> = {
  ...HTTP_HOST_OPTIONS,
  limits: (value) => readLimits(value),
  requestTimeoutSeconds: seconds(1800, { min: 0.001, max: MAX_TIMER_SECONDS }),
};

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readStatelessHttpOptions(options: StatelessHttpOptions): StatelessHttpSettings {
  return readHostOptions("StatelessHttp", options, SPEC);
}

function readLimits(value: unknown = {}): StatelessLimits {
  const limits = readOptions("StatelessHttp's limits", value, LIMITS);
  if (limits.bytesInFlight < limits.bodyBytes) {
    throw new RangeError(
      `limits.bytesInFlight must be at least limits.bodyBytes, ${limits.bodyBytes}, got ${limits.bytesInFlight}`,
    );
  }
  return limits;
}
