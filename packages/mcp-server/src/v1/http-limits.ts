import { count, type OptionsSpec, readOptions } from "@attest/core/internal";

/** Bounds of what callers of `HttpSessions` may hold. */
export interface HttpLimitsOptions {
  /**
   * How many sessions may be open or opening at once. When there are as many, an agent below its share gets in: the
   * longest idle session of the agent that is furthest above its own is closed. Otherwise 503. Default: 1000.
   */
  readonly sessions?: number | undefined;
  /**
   * How many of these are one agent's share, by issuer, subject and key. An agent may have more as long as there is
   * room. Default: 100.
   */
  readonly sessionsPerAgent?: number | undefined;
  /** How many of these are the share of all unverified callers together. Default: 100. */
  readonly strangerSessions?: number | undefined;
  /** How many requests of one session may be unanswered at once; more are refused, 503. Default: 256. */
  readonly openRequests?: number | undefined;
  /** The longest request body of a session, in bytes; a longer one is refused, 413. Default: 1048576 (1 MiB). */
  readonly bodyBytes?: number | undefined;
  /**
   * The longest body that may begin a session, in bytes; a longer one is refused, 413. Less than others, because its
   * sender has shown no token yet; a token has at most 8 KiB. Default: 65536.
   */
  readonly initializeBytes?: number | undefined;
  /**
   * How many bytes of request bodies are held at once, of all callers together, until a body is complete and, for
   * `initialize`, until it is verified. When there are as many, the oldest body of the caller that holds most is given
   * up, 503. Default: 67108864 (64 MiB).
   */
  readonly bytesInFlight?: number | undefined;
  /**
   * How many bytes of answers one session's client may leave unread; with more its session ends. A single answer must
   * fit in. Default: 16777216 (16 MiB).
   */
  readonly unsentBytes?: number | undefined;
  /**
   * How many messages that the server sends of its own accord are kept for a client that does not listen yet. Further
   * ones are lost, and `onerror` is told once. Default: 64.
   */
  readonly earlyMessages?: number | undefined;
}

/** {@link HttpLimitsOptions} with the defaults filled in. */
export type HttpLimits = { readonly [Name in keyof HttpLimitsOptions]-?: number };

const LIMITS: OptionsSpec<HttpLimits> = {
  sessions: count(1000),
  sessionsPerAgent: count(100),
  strangerSessions: count(100),
  openRequests: count(256),
  bodyBytes: count(1_048_576),
  initializeBytes: count(65_536),
  bytesInFlight: count(67_108_864),
  unsentBytes: count(16_777_216),
  earlyMessages: count(64, { min: 0 }),
};

/** @throws {TypeError | RangeError} naming the limit that is wrong. */
export function readHttpLimits(value: unknown = {}): HttpLimits {
  const limits = readOptions("HttpSessions' limits", value, LIMITS);
  const longest = Math.max(limits.bodyBytes, limits.initializeBytes);
  if (limits.bytesInFlight < longest) {
    throw new RangeError(
      `limits.bytesInFlight must be at least limits.bodyBytes and limits.initializeBytes, ${longest}, got ${limits.bytesInFlight}`,
    );
  }
  return limits;
}
