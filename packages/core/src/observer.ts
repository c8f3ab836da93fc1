import type { AttestationErrorCode } from "./errors.js";
import type { TrustLevel } from "./verify/trust.js";

/** A token passed every check. */
export interface VerifiedEvent {
  readonly type: "verified";
  readonly issuer: string;
  readonly subject: string;
  readonly trustLevel: TrustLevel;
  /** The first 8 characters of the token's id. */
  readonly jti: string;
  readonly durationSeconds: number;
}

/** A token, or its absence, was refused. `issuer` and `subject` are what the token claims: unverified. */
export interface RejectedEvent {
  readonly type: "rejected";
  readonly code: AttestationErrorCode;
  readonly check: string;
  /** What exactly was wrong: for the operator, never for the peer. */
  readonly detail: string | null;
  readonly issuer: string | null;
  readonly subject: string | null;
  /** The first 8 characters of the token's id. */
  readonly jti: string | null;
  readonly durationSeconds: number;
  /** The error underneath, for outages (1010, 1011). */
  readonly cause?: unknown;
}

/** A valid token came a second time. Follows the `rejected` event with code 1006. */
export interface ReplayEvent {
  readonly type: "replay";
  readonly issuer: string;
  readonly subject: string;
  readonly jti: string;
}

/**
 * A check ended with something other than a refusal: a bug or an outage of the check's own. `verify` rejects with
 * the same error, and nothing is known about the agent.
 */
export interface CheckFailedEvent {
  readonly type: "check_failed";
  readonly check: string;
  readonly cause: unknown;
}

/**
 * A call was refused: by a guard, or by the gate, because its session was not initialized yet. `issuer`, `subject`
 * and `jti` are the session's, verified; all three are `null` when it is not attested.
 */
export interface DeniedEvent {
  readonly type: "denied";
  readonly code: AttestationErrorCode;
  /** What exactly was missing: for the operator, never for the peer. */
  readonly detail: string | null;
  /** The request's method, such as `tools/call`. */
  readonly method: string;
  /** The tool or prompt, by its name, or the resource, by its URI; `null` when the request names none. */
  readonly target: string | null;
  readonly issuer: string | null;
  readonly subject: string | null;
  /** The first 8 characters of the token's id. */
  readonly jti: string | null;
  /** What the guard's own check threw. */
  readonly cause?: unknown;
}

/** A session proceeds without a verified agent, which the policy `preferred` allows. */
export interface UnattestedEvent {
  readonly type: "unattested";
  /** Why; `null` when the verifier failed and nothing is known. */
  readonly code: AttestationErrorCode | null;
}

/** Something that the gate depends on failed: the verifier, a callback, the transport. */
export interface GateErrorEvent {
  readonly type: "gate_error";
  readonly detail: string;
  readonly cause: unknown;
}

/** A provider signed a token. */
export interface TokenCreatedEvent {
  readonly type: "token_created";
  readonly issuer: string;
  readonly subject: string;
  readonly audience: readonly string[];
  readonly kid: string;
  readonly jti: string;
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number;
  readonly durationSeconds: number;
}

/** An issuer's key set was fetched; `skippedKeys` says, key by key, why some of it cannot be used. */
export interface KeySetFetchedEvent {
  readonly type: "key_set_fetched";
  readonly issuer: string;
  readonly usableKeys: number;
  readonly skippedKeys: readonly string[];
  readonly durationSeconds: number;
}

/** An issuer's key set could not be fetched. */
export interface KeySetFetchFailedEvent {
  readonly type: "key_set_fetch_failed";
  readonly issuer: string;
  readonly error: unknown;
  readonly durationSeconds: number;
}

/** An attempt to fetch an issuer's key set failed, and another follows. */
export interface KeySetFetchRetriedEvent {
  readonly type: "key_set_fetch_retried";
  readonly issuer: string;
  /** The number of the attempt that failed; the first is 1. */
  readonly attempt: number;
  /** How long the next one waits. */
  readonly delaySeconds: number;
  readonly error: unknown;
}

/**
 * A key set past its time is used, because its issuer cannot be asked. Once for every fetch that failed, however
 * many lookups it answers.
 */
export interface StaleKeySetServedEvent {
  readonly type: "stale_key_set_served";
  readonly issuer: string;
  /** How long ago it was fetched. */
  readonly ageSeconds: number;
  /** For how much longer it may be used; after that there are no keys. */
  readonly usableForSeconds: number;
  /** Why it could not be fetched again. */
  readonly error: unknown;
}

/** A circuit breaker went from one state to another. */
export interface CircuitStateChangedEvent {
  readonly type: "circuit_state_changed";
  /** What the breaker protects: an issuer. */
  readonly name: string;
  readonly from: "closed" | "open" | "half_open";
  readonly to: "closed" | "open" | "half_open";
}

/** A replay cache went from one state to another: its store can be used, or no longer. */
export interface CacheStateChangedEvent {
  readonly type: "cache_state_changed";
  readonly from: "healthy" | "degraded" | "unhealthy";
  readonly to: "healthy" | "degraded" | "unhealthy";
  /** What happened: for the operator, never for the peer. */
  readonly detail: string;
  /** The error underneath; it holds no password. */
  readonly cause?: unknown;
}

/** The store of a replay cache is set to throw out ids before they expire; their tokens could be used again. */
export interface CacheEvictsEvent {
  readonly type: "cache_evicts";
  /** The store's setting, such as `allkeys-lru`. */
  readonly policy: string;
}

/** Ids that a replay cache accepted while its store was away are in the store now. */
export interface CacheWrittenBackEvent {
  readonly type: "cache_written_back";
  /** How many the store did not have. */
  readonly written: number;
  /** How many another server had accepted too: that many tokens were used twice. */
  readonly conflicts: number;
}

/**
 * What happens inside providers, verifiers, gates, key fetchers and caches. Strings that come from a peer are escaped
 * and cut, so that an event can be logged as it is.
 */
export type AttestationEvent =
  | VerifiedEvent
  | RejectedEvent
  | ReplayEvent
  | CheckFailedEvent
  | DeniedEvent
  | UnattestedEvent
  | GateErrorEvent
  | TokenCreatedEvent
  | KeySetFetchedEvent
  | KeySetFetchFailedEvent
  | KeySetFetchRetriedEvent
  | StaleKeySetServedEvent
  | CircuitStateChangedEvent
  | CacheStateChangedEvent
  | CacheEvictsEvent
  | CacheWrittenBackEvent;

/** Watches. Whatever it throws is dropped, and nothing waits for what it returns. */
export interface AttestationObserver {
  record(event: AttestationEvent): void;
}

/** Hands `event` to `observer`; an observer that throws or rejects changes nothing. */
export function notify(observer: AttestationObserver, event: AttestationEvent): void {
  try {
    const returned: unknown = observer.record(event);
    if (returned instanceof Promise) returned.catch(() => undefined);
  } catch {
    // An observer only watches.
  }
}
