import type { AttestationErrorCode } from "@attest/core";

/**
 * What happens at the gate in front of an MCP server.
 *
 * Strings that come from a peer are escaped and cut, and errors are the chain of their messages, outermost first, so
 * that an event can be logged as JSON as it is.
 */
export type GateEvent =
  /**
   * A call was refused: by a guard, or by the gate, because its session was not initialized yet. `issuer`, `subject`
   * and `jti` are the session's, verified; all three are `null` when it is not attested.
   */
  | {
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
      readonly cause?: readonly string[];
    }
  /** A session proceeds without a verified agent, which the policy `preferred` allows. */
  | {
      readonly type: "unattested";
      /** Why; `null` when the verifier failed and nothing is known. */
      readonly code: AttestationErrorCode | null;
    }
  /** An HTTP request was refused before any server saw it, or a session was ended for what its client does. */
  | {
      readonly type: "http_refused";
      /** The status that the client gets. */
      readonly status: number;
      /** A fixed sentence. */
      readonly reason: string;
      /** The ordinal of the session that the request belongs to; `null` when it belongs to none. */
      readonly session: number | null;
    }
  /** Something that the gate depends on failed: the verifier, a callback, the transport. */
  | {
      readonly type: "gate_error";
      readonly detail: string;
      readonly cause: readonly string[];
    };
