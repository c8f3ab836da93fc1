import type { AttestationErrorCode } from "./errors.js";
import type { TrustLevel } from "./trust.js";

/**
 * Events about tokens: in providers, which sign them, and in verifiers.
 *
 * Strings that come from a peer are escaped and cut, and errors are the chain of their messages, outermost first, so
 * that an event can be logged as JSON as it is.
 */
export type TokenEvent =
  /** A token passed every check. */
  | {
      readonly type: "verified";
      readonly issuer: string;
      readonly subject: string;
      /** The model that was attested: `agent_identity.model_version`. */
      readonly model: string;
      readonly audience: readonly string[];
      readonly trustLevel: TrustLevel;
      /** The first 8 characters of the token's id. */
      readonly jti: string;
      readonly durationSeconds: number;
    }
  /** A token, or its absence, was refused. Who and what is named is what the token claims: unverified. */
  | {
      readonly type: "rejected";
      readonly code: AttestationErrorCode;
      readonly check: string;
      /** The exact reason: for the operator, never for the peer. */
      readonly detail: string | null;
      readonly issuer: string | null;
      readonly subject: string | null;
      readonly model: string | null;
      readonly audience: readonly string[] | null;
      /** The first 8 characters of the token's id. */
      readonly jti: string | null;
      readonly durationSeconds: number;
      /** The error underneath, for outages (1010, 1011). */
      readonly cause?: readonly string[];
    }
  /** A valid token came a second time. Follows the `rejected` event with code 1006. */
  | {
      readonly type: "replay";
      readonly issuer: string;
      readonly subject: string;
      readonly jti: string;
    }
  /**
   * A check ended with something other than a refusal: a bug or an outage of the check's own. `verify` rejects with
   * the same error, and nothing is known about the agent.
   */
  | {
      readonly type: "check_failed";
      readonly check: string;
      readonly cause: readonly string[];
    }
  /** A provider signed a token. */
  | {
      readonly type: "token_created";
      readonly issuer: string;
      readonly subject: string;
      readonly audience: readonly string[];
      readonly kid: string;
      readonly jti: string;
      /** Seconds since the Unix epoch. */
      readonly expiresAt: number;
      readonly durationSeconds: number;
    };
