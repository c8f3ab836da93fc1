/**
 * What happens to the key sets of issuers.
 *
 * Strings that come from a peer are escaped and cut, and errors are the chain of their messages, outermost first, so
 * that an event can be logged as JSON as it is.
 */
export type KeySetEvent =
  /** An issuer's key set was fetched; `skippedKeys` says, key by key, why some of it cannot be used. */
  | {
      readonly type: "key_set_fetched";
      readonly issuer: string;
      readonly usableKeys: number;
      readonly skippedKeys: readonly string[];
      readonly durationSeconds: number;
    }
  /** An issuer's key set could not be fetched. */
  | {
      readonly type: "key_set_fetch_failed";
      readonly issuer: string;
      readonly cause: readonly string[];
      readonly durationSeconds: number;
    }
  /** An attempt to fetch an issuer's key set failed, and another follows. */
  | {
      readonly type: "key_set_fetch_retried";
      readonly issuer: string;
      /** The number of the attempt that failed; the first is 1. */
      readonly attempt: number;
      /** How long the next one waits. */
      readonly delaySeconds: number;
      readonly cause: readonly string[];
    }
  /**
   * A key set past its time is used, because its issuer cannot be asked. Once for every fetch that failed, however
   * many lookups it answers.
   */
  | {
      readonly type: "stale_key_set_served";
      readonly issuer: string;
      /** How long ago it was fetched. */
      readonly ageSeconds: number;
      /** For how much longer it may be used; after that there are no keys. */
      readonly usableForSeconds: number;
      /** Why it could not be fetched again. */
      readonly cause: readonly string[];
    }
  /** A circuit breaker went from one state to another. */
  | {
      readonly type: "circuit_state_changed";
      /** What the breaker protects: an issuer. */
      readonly name: string;
      readonly from: "closed" | "open" | "half_open";
      readonly to: "closed" | "open" | "half_open";
    };
