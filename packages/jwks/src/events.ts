/**
 * Events about the key sets of issuers.
 *
 * Strings that come from a peer are escaped and cut. An error is the chain of its messages, outermost first. An event can
 * be logged as JSON as it is.
 */
export type KeySetEvent =
  /** An issuer's key set was fetched. `skippedKeys` says, key by key, why some of its keys are not used. */
  | {
      readonly type: "key_set_fetched";
      readonly issuer: string;
      readonly usableKeys: number;
      readonly skippedKeys: readonly string[];
      readonly durationSeconds: number;
    }
  /** A fetch of an issuer's key set failed, after all its attempts. */
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
      /** Number of the attempt that failed; the first is 1. */
      readonly attempt: number;
      /** Time before the next attempt. */
      readonly delaySeconds: number;
      readonly cause: readonly string[];
    }
  /**
   * A key set past its time is used, because its issuer cannot be asked. Reported once for every fetch that failed,
   * however many look-ups the key set answers.
   */
  | {
      readonly type: "stale_key_set_served";
      readonly issuer: string;
      /** Time since the key set was fetched. */
      readonly ageSeconds: number;
      /** Time for which it may still be used. After that the issuer has no keys. */
      readonly usableForSeconds: number;
      /** Why the latest fetch failed. */
      readonly cause: readonly string[];
    }
  /** An issuer's circuit breaker went from one state to another. */
  | {
      readonly type: "circuit_state_changed";
      /** Issuer that the breaker protects. */
      readonly name: string;
      readonly from: "closed" | "open" | "half_open";
      readonly to: "closed" | "open" | "half_open";
    };
