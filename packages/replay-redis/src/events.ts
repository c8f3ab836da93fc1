/**
 * An event of a replay cache and its store.
 *
 * Strings that come from a peer are escaped and cut, and errors are the chain of their messages, outermost first, so
 * that an event can be logged as JSON as it is.
 */
export type CacheEvent =
  /** A replay cache went from one state to another: its store can be used, or no longer. */
  | {
      readonly type: "cache_state_changed";
      readonly from: "healthy" | "degraded" | "unhealthy";
      readonly to: "healthy" | "degraded" | "unhealthy";
      /** A sentence for the operator, never for the peer. */
      readonly detail: string;
      /** The error underneath; it holds no password. */
      readonly cause?: readonly string[];
    }
  /** The store of a replay cache is set to evict ids before they expire; their tokens could be used again. */
  | {
      readonly type: "cache_evicts";
      /** The store's setting, such as `allkeys-lru`. */
      readonly policy: string;
    }
  /** Ids that a replay cache accepted while its store was away are in the store now. */
  | {
      readonly type: "cache_written_back";
      /** The number of ids that the store did not have. */
      readonly written: number;
      /** The number of ids that another server had accepted too: their tokens were used twice. */
      readonly conflicts: number;
    };
